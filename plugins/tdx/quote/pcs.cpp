// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/pcs.h"

#include <teehost/kit/bytes.h>

namespace teehost::tdx {
namespace {

std::string under(std::string_view base, std::string_view path)
{
    while (base.ends_with('/'))
        base.remove_suffix(1);
    return std::string(base) + std::string(path);
}

} // namespace

std::string tcbInfoUrl(std::string_view base, const std::array<std::uint8_t, 6>& fmspc)
{
    return under(base, "/tdx/certification/v4/tcb?fmspc=" + kit::toHex(fmspc));
}

std::string qeIdentityUrl(std::string_view base) { return under(base, "/tdx/certification/v4/qe/identity"); }

std::string pckCrlUrl(std::string_view base, PckCa ca)
{
    return under(base, std::string("/sgx/certification/v4/pckcrl?ca=") +
                           (ca == PckCa::Platform ? "platform" : "processor") + "&encoding=der");
}

std::string rootCrlUrl(std::string_view base)
{
    if (under(base, "") == kIntelPcs)
        return "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"; // a CRL, for all its name
    return under(base, "/sgx/certification/v4/rootcacrl");
}

bool isIssuerChainHeader(std::string_view name) noexcept { return name.ends_with("-issuer-chain"); }

} // namespace teehost::tdx
