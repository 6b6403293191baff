// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/tcb_info.h"

#include <algorithm>
#include <tuple>

#include "tdx/quote/json_fields.h"

namespace teehost::tdx {
namespace {

using kit::InputError;

constexpr std::string_view kFormat = "TCB_INFO_FORMAT";
constexpr std::size_t kMostLevels = 256, kMostModules = 64;

ModuleIdentity readIdentity(const JsonFields& in)
{
    return {in.bytes<48>("mrsigner"), in.bytes<8>("attributes"), in.bytes<8>("attributesMask")};
}

/// Exactly 16: a shorter list must not pass for one whose rest is zero.
Svns readComponents(const JsonFields& tcb, const char* key)
{
    Svns svns{};
    std::size_t count = 0;
    tcb.each(key, svns.size(), [&](const JsonFields& component) {
        svns.at(count++) = static_cast<std::uint8_t>(component.number("svn", UINT8_MAX));
    });
    if (count != svns.size())
        tcb.fail(key, "a list of 16 components");
    return svns;
}

TcbInfo::Level readLevel(const JsonFields& in)
{
    const JsonFields tcb = in.object("tcb");
    return {readComponents(tcb, "sgxtcbcomponents"),
            static_cast<std::uint16_t>(tcb.number("pcesvn", UINT16_MAX)),
            readComponents(tcb, "tdxtcbcomponents"), readRating(in)};
}

} // namespace

TcbInfo TcbInfo::parse(std::string_view json)
{
    const auto document =
        kit::withReason(kFormat, [&] { return kit::JsonDocument::parse(json, "the TCB info"); });
    const JsonFields in(document.root(), kFormat, "tcbInfo");
    if (in.text("id") != "TDX" || in.number("version", UINT32_MAX) != 3 ||
        in.number("tcbType", UINT32_MAX) != 0)
        throw InputError("TCB_INFO_TYPE",
                         "this is TCB info of \"" + kit::shownText(in.text("id")) + "\", version " +
                             std::to_string(in.number("version", UINT32_MAX)) + ", TCB type " +
                             std::to_string(in.number("tcbType", UINT32_MAX)) + "; that of TDX has 3 and 0");
    TcbInfo out;
    out.validity = {in.time("issueDate"), in.time("nextUpdate")};
    out.fmspc = in.bytes<6>("fmspc");
    out.pceId = in.bytes<2>("pceId");
    out.evaluationDataNumber = static_cast<std::uint32_t>(in.number("tcbEvaluationDataNumber", UINT32_MAX));
    out.module = readIdentity(in.object("tdxModule"));
    if (in.has("tdxModuleIdentities"))
        in.each("tdxModuleIdentities", kMostModules, [&](const JsonFields& one) {
            out.modules.push_back({std::string(one.text("id")), readIdentity(one), readIsvLevels(one)});
        });
    in.each("tcbLevels", kMostLevels, [&](const JsonFields& one) { out.levels.push_back(readLevel(one)); });
    // So Intel writes them; the first that is reached counts.
    std::stable_sort(out.levels.begin(), out.levels.end(), [](const Level& a, const Level& b) {
        return std::tie(a.sgx, a.pceSvn, a.tdx) > std::tie(b.sgx, b.pceSvn, b.tdx);
    });
    return out;
}

} // namespace teehost::tdx
