// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/qe_identity.h"

#include "tdx/quote/json_fields.h"

namespace teehost::tdx {
namespace {

using kit::Fault;

constexpr std::string_view kFormat = "QE_IDENTITY_FORMAT";

template <std::size_t N>
bool fits(const std::array<std::uint8_t, N>& actual, const std::array<std::uint8_t, N>& mask,
          const std::array<std::uint8_t, N>& wanted)
{
    for (std::size_t i = 0; i < N; ++i)
        if ((actual[i] & mask[i]) != wanted[i])
            return false;
    return true;
}

std::optional<Fault> differs(std::string_view reason, const char* what, const std::string& actual,
                             const std::string& wanted)
{
    return Fault{reason,
                 "the quoting enclave's " + std::string(what) + " is " + actual + ", Intel's has " + wanted};
}

} // namespace

QeIdentity QeIdentity::parse(std::string_view json)
{
    const auto document =
        kit::withReason(kFormat, [&] { return kit::JsonDocument::parse(json, "the QE identity"); });
    const JsonFields in(document.root(), kFormat, "enclaveIdentity");
    const std::uint64_t version = in.number("version", UINT32_MAX);
    if (in.text("id") != "TD_QE" || (version != 2 && version != 3))
        throw kit::InputError("QE_IDENTITY_TYPE", "this is the identity of \"" +
                                                      kit::shownText(in.text("id")) + "\", version " +
                                                      std::to_string(version) +
                                                      "; TDs' quotes are signed by TD_QE, version 2 or 3");
    QeIdentity out;
    out.validity = {in.time("issueDate"), in.time("nextUpdate")};
    out.evaluationDataNumber = static_cast<std::uint32_t>(in.number("tcbEvaluationDataNumber", UINT32_MAX));
    out.miscSelect = in.bytes<4>("miscselect");
    out.miscSelectMask = in.bytes<4>("miscselectMask");
    out.attributes = in.bytes<16>("attributes");
    out.attributesMask = in.bytes<16>("attributesMask");
    out.mrSigner = in.bytes<32>("mrsigner");
    out.isvProdId = static_cast<std::uint16_t>(in.number("isvprodid", UINT16_MAX));
    out.levels = readIsvLevels(in);
    return out;
}

std::optional<Fault> debugFault(const QeReport& qe)
{
    constexpr std::uint8_t kDebug = 0x02; // Intel SDM volume 3D, table 38-4
    if ((qe.attributes[0] & kDebug) == 0)
        return std::nullopt;
    return Fault{"QE_ATTR", "the quoting enclave can be debugged, so anybody may have its key"};
}

std::optional<Fault> QeIdentity::mismatch(const QeReport& qe) const
{
    using kit::toHex;
    if (!fits(qe.miscSelect, miscSelectMask, miscSelect))
        return differs("QE_MISC", "MISCSELECT", toHex(qe.miscSelect), toHex(miscSelect));
    if (!fits(qe.attributes, attributesMask, attributes))
        return differs("QE_ATTR", "ATTRIBUTES", toHex(qe.attributes), toHex(attributes));
    if (auto fault = debugFault(qe))
        return fault;
    if (qe.mrSigner != mrSigner)
        return differs("QE_MRSIGNER", "MRSIGNER", toHex(qe.mrSigner), toHex(mrSigner));
    if (qe.isvProdId != isvProdId)
        return differs("QE_PRODID", "ISVPRODID", std::to_string(qe.isvProdId), std::to_string(isvProdId));
    return std::nullopt;
}

} // namespace teehost::tdx
