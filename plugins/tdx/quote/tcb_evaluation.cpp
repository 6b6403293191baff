// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/tcb_evaluation.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace teehost::tdx {
namespace {

using kit::Fault;

/// Bytes of TEE_TCB_SVN: the module's SVN, its major version, then microcode and others.
constexpr std::size_t kModuleSvn = 0, kModuleVersion = 1, kFirstOther = 2;

/// Since modules have versions of their own, their SVN is rated apart (rateModule), and the level's first two
/// components, which are of the module, do not count.
std::size_t firstTdxComponent(const Svns& tee) noexcept { return tee[kModuleVersion] > 0 ? kFirstOther : 0; }

/// One component: what the platform has, and what a level demands.
struct Component {
    std::string name;
    unsigned actual, demanded;
};

template <class Take>
void eachComponent(const TcbInfo::Level& level, const PckExtension& pck, const Svns& tee, Take&& take)
{
    for (std::size_t i = 0; i < level.sgx.size(); ++i)
        take("SGX component ", i, unsigned{pck.components[i]}, unsigned{level.sgx[i]});
    take("PCESVN", level.sgx.size(), unsigned{pck.pceSvn}, unsigned{level.pceSvn});
    for (std::size_t i = firstTdxComponent(tee); i < level.tdx.size(); ++i)
        take("TDX component ", i, unsigned{tee[i]}, unsigned{level.tdx[i]});
}

std::vector<Component> shortfalls(const TcbInfo::Level& level, const PckExtension& pck, const Svns& tee)
{
    std::vector<Component> out;
    eachComponent(level, pck, tee, [&](const char* name, std::size_t i, unsigned actual, unsigned demanded) {
        if (actual < demanded)
            out.push_back(
                {std::string(name).ends_with(' ') ? name + std::to_string(i) : name, actual, demanded});
    });
    return out;
}

bool isReached(const TcbInfo::Level& level, const PckExtension& pck, const Svns& tee)
{
    bool reached = true;
    eachComponent(level, pck, tee, [&](const char*, std::size_t, unsigned actual, unsigned demanded) {
        reached = reached && actual >= demanded;
    });
    return reached;
}

/// What keeps the platform from the level that it comes nearest to.
Fault notSupported(const TcbInfo& info, const PckExtension& pck, const Svns& tee)
{
    std::vector<Component> nearest;
    for (const auto& level : info.levels)
        if (auto its = shortfalls(level, pck, tee); nearest.empty() || its.size() <= nearest.size())
            nearest = std::move(its);
    std::string message =
        "the platform reaches none of the " + std::to_string(info.levels.size()) + " TCB levels of its kind";
    for (const Component& low : nearest)
        message += (&low == &nearest.front() ? ": " : ", ") + low.name + " is " + std::to_string(low.actual) +
                   " where " + std::to_string(low.demanded) + " is demanded";
    return {"TCB_NOT_SUPPORTED", message};
}

std::string upper(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
}

/// "TDX_01"
std::string moduleId(std::uint8_t version) { return "TDX_" + upper(kit::toHex(std::span(&version, 1))); }

const TcbInfo::VersionedModule* findModule(const TcbInfo& info, std::uint8_t version)
{
    const std::string id = moduleId(version);
    const auto it = std::find_if(info.modules.begin(), info.modules.end(),
                                 [&](const auto& module) { return upper(module.id) == id; });
    return it == info.modules.end() ? nullptr : &*it;
}

Fault unknownModule(std::uint8_t version)
{
    return {"TDX_MODULE_MISMATCH", "the TCB info knows no TDX module " + moduleId(version)};
}

std::optional<Fault> identityFault(const ModuleIdentity& wanted, const TdReport& report)
{
    if (report.mrSignerSeam != wanted.mrSigner)
        return Fault{"MRSIGNERSEAM", "the TDX module is signed by " + kit::toHex(report.mrSignerSeam) +
                                         ", Intel's by " + kit::toHex(wanted.mrSigner)};
    const std::uint64_t masked = numberOf(report.seamAttributes) & numberOf(wanted.attributesMask);
    if (!kit::isZero(report.seamAttributes) || masked != numberOf(wanted.attributes))
        return Fault{"SEAM_ATTR", "the TDX module's attributes are " + kit::toHex(report.seamAttributes) +
                                      " instead of " + kit::toHex(wanted.attributes)};
    return std::nullopt;
}

} // namespace

Rated ratePlatform(const TcbInfo& info, const PckExtension& pck, const Svns& tee_tcb_svn)
{
    for (const auto& level : info.levels)
        if (isReached(level, pck, tee_tcb_svn))
            return {&level.rating, {}};
    return {nullptr, notSupported(info, pck, tee_tcb_svn)};
}

Rated rateModule(const TcbInfo& info, const Svns& tee_tcb_svn)
{
    const std::uint8_t version = tee_tcb_svn[kModuleVersion], svn = tee_tcb_svn[kModuleSvn];
    if (version == 0)
        return {};
    const auto* module = findModule(info, version);
    if (module == nullptr)
        return {nullptr, unknownModule(version)};
    if (const TcbRating* rating = ratingOf(module->levels, svn))
        return {rating, {}};
    const std::string least =
        module->levels.empty() ? "no level" : "at least " + std::to_string(module->levels.back().isvSvn);
    return {nullptr,
            Fault{"TCB_NOT_SUPPORTED", "the TDX module " + moduleId(version) + " has SVN " +
                                           std::to_string(svn) + " where " + least + " is demanded"}};
}

std::optional<Fault> moduleFault(const TcbInfo& info, const TdReport& report)
{
    const std::uint8_t version = report.teeTcbSvn[kModuleVersion];
    if (version == 0)
        return identityFault(info.module, report);
    const auto* module = findModule(info, version);
    return module == nullptr ? unknownModule(version) : identityFault(module->identity, report);
}

Rated rateQe(const QeIdentity& identity, const QeReport& qe)
{
    if (const TcbRating* rating = ratingOf(identity.levels, qe.isvSvn))
        return {rating, {}};
    return {nullptr,
            Fault{"QE_TCB_NOT_SUPPORTED", "the quoting enclave has SVN " + std::to_string(qe.isvSvn) +
                                              ", below every level of its identity"}};
}

} // namespace teehost::tdx
