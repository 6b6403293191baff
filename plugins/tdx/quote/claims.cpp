// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/claims.h"

#include <string>

#include "tdx/quote/td_fields.h"

namespace teehost::tdx {
namespace {

struct AttributeName {
    unsigned bit;
    std::string_view key;
};
constexpr std::array kAttributeNames{
    AttributeName{0, "tdx.attributes.debug"},
    AttributeName{27, "tdx.attributes.lass"},
    AttributeName{28, "tdx.attributes.sept_ve_disable"},
    AttributeName{29, "tdx.attributes.migratable"},
    AttributeName{30, "tdx.attributes.pks"},
    AttributeName{31, "tdx.attributes.kl"},
    AttributeName{63, "tdx.attributes.perfmon"},
};

void claimRating(const std::string& prefix, const TcbRating& rating, const ClaimTaker& claim)
{
    claim(prefix + ".status", nameOf(rating.status));
    claim(prefix + ".date", kit::timeText(rating.date));
}

} // namespace

void claimQuote(const Quote& quote, const ClaimTaker& claim)
{
    claim("tdx.version", std::uint64_t{quote.version});
    claim("tdx.body_type", std::uint64_t{static_cast<std::uint16_t>(quote.bodyType)});
    claim("tdx.trailing_bytes", std::uint64_t{quote.trailingBytes});
    eachField(quote.body, [&](std::string_view name, kit::ByteView bytes) {
        claim("tdx." + std::string(name), sdk::ByteView(bytes));
    });
    const std::uint64_t attributes = numberOf(quote.body.tdAttributes);
    for (const AttributeName& name : kAttributeNames)
        claim(name.key, (attributes >> name.bit & 1) != 0);
    claim("tdx.module.version", std::uint64_t{quote.body.teeTcbSvn[1]});
    claim("tdx.module.svn", std::uint64_t{quote.body.teeTcbSvn[0]});
    claim("tdx.qe.vendor_id", sdk::ByteView(quote.qeVendor));
    claim("tdx.qe.user_data", sdk::ByteView(quote.userData));
    claim("tdx.qe.mr_enclave", sdk::ByteView(quote.qe.mrEnclave));
    claim("tdx.qe.mr_signer", sdk::ByteView(quote.qe.mrSigner));
    claim("tdx.qe.isv_prod_id", std::uint64_t{quote.qe.isvProdId});
    claim("tdx.qe.isv_svn", std::uint64_t{quote.qe.isvSvn});
}

void claimPlatform(const PckExtension& platform, const ClaimTaker& claim)
{
    claim("tdx.fmspc", kit::toHex(platform.fmspc));
    claim("tdx.pce_id", kit::toHex(platform.pceId));
    claim("tdx.pce_svn", std::uint64_t{platform.pceSvn});
    claim("tdx.cpu_svn", sdk::ByteView(platform.cpuSvn));
    claim("tdx.cpu_svn_components", sdk::ByteView(platform.components));
    claim("tdx.ppid", sdk::ByteView(platform.ppid));
}

void claimTcb(const TcbVerdict& tcb, const ClaimTaker& claim)
{
    claim("tdx.tcb.status", nameOf(tcb.status));
    claim("tdx.tcb.date", kit::timeText(tcb.launch.date));
    std::string advisories;
    for (const std::string& id : tcb.launch.advisories)
        advisories += (advisories.empty() ? "" : ",") + id;
    claim("tdx.tcb.advisories", advisories);
    claimRating("tdx.tcb.platform", tcb.platform, claim);
    claimRating("tdx.tcb.qe", tcb.qe, claim);
    if (tcb.module)
        claimRating("tdx.tcb.module", *tcb.module, claim);
    claim("tdx.tcb.launch.status", nameOf(tcb.launch.status));
    if (tcb.current)
        claimRating("tdx.tcb.current", *tcb.current, claim);
    claim("tdx.tcb.evaluation_data_number", std::uint64_t{tcb.tcbInfoNumber});
    claim("tdx.tcb.qe_evaluation_data_number", std::uint64_t{tcb.qeIdentityNumber});
}

} // namespace teehost::tdx
