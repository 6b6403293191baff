// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/appraisal.h"

#include <algorithm>

#include <teehost/kit/reader.h>

#include "tdx/quote/checks.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::failed, kit::judged, kit::passed, kit::skipped;

// TDATTRIBUTES (Intel TDX Module ABI, "ATTRIBUTES").
constexpr std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }
constexpr std::uint64_t kDebug = bit(0), kLass = bit(27), kSeptVeDisable = bit(28), kMigratable = bit(29),
                        kPks = bit(30), kPerfmon = bit(63);
/// What says nothing bad of a TD. Debugging and migration are judged apart.
constexpr std::uint64_t kHarmless = kLass | kSeptVeDisable | kPks | kPerfmon;

// XFAM (the same, "XFAM"): x87 and SSE are always there; AVX, AVX-512, PT, PKU, CET, ULI, LBR, AMX may be.
constexpr std::uint64_t kXfamAlways = 0x3, kXfamKnown = 0x0006dbe7;

bool isOutOfDate(TcbStatus status)
{
    return status == TcbStatus::OutOfDate || status == TcbStatus::OutOfDateConfigurationNeeded;
}

/// What is left of a status when being out of date is forgiven.
TcbStatus forgiven(TcbStatus status)
{
    return status == TcbStatus::OutOfDate ? TcbStatus::UpToDate : TcbStatus::ConfigurationNeeded;
}

std::string joined(const std::vector<std::string>& list)
{
    std::string out;
    for (const std::string& one : list)
        out += (out.empty() ? "" : ", ") + one;
    return out;
}

CheckLine tcbStatus(const TcbVerdict* tcb, const Policy& policy, kit::UnixSeconds at)
{
    using check_id::kTcbStatus;
    if (policy.collateral == CollateralMode::Off)
        return {std::string(kTcbStatus),
                kit::Outcome::Warn,
                {},
                "the state of the platform is not known: the policy does without Intel's word on it"};
    if (tcb == nullptr)
        return skipped(kTcbStatus, "the TCB has no rating");
    const std::string name(nameOf(tcb->status)), date = kit::timeText(tcb->launch.date);
    std::string allowed;
    for (const TcbStatus status : policy.allowedTcbStatus)
        allowed += (allowed.empty() ? "" : " or ") + std::string(nameOf(status));
    std::string message = "the TCB is " + name + ", as of " + date;
    if (!tcb->launch.advisories.empty())
        message += " (" + joined(tcb->launch.advisories) + ")";
    if (tcb->status == TcbStatus::Revoked)
        return judged(kTcbStatus, false, "TCB_REVOKED", message, allowed, name);
    if (policy.allowedTcbStatus.contains(tcb->status))
        return judged(kTcbStatus, true, "", message, allowed, name);
    if (isOutOfDate(tcb->status) && policy.allowedTcbStatus.contains(forgiven(tcb->status)) &&
        at <= tcb->launch.date + policy.gracePeriod.count())
        return judged(kTcbStatus, true, "", message + "; the policy's grace period still runs", allowed,
                      name);
    CheckLine line = judged(kTcbStatus, false, "TCB_STATUS", message, allowed, name);
    const bool relaunch = tcb->status == TcbStatus::TdRelaunchAdvised ||
                          tcb->status == TcbStatus::TdRelaunchAdvisedConfigurationNeeded;
    line.hint = relaunch ? "start the VM again: the host was patched since"
                         : "patch the host (BIOS, microcode, TDX module), or allow the status in the policy";
    return line;
}

CheckLine debug(const TdReport& report, const Policy& policy)
{
    using check_id::kDebug;
    if ((numberOf(report.tdAttributes) & tdx::kDebug) == 0)
        return passed(kDebug, "the TD cannot be debugged");
    const bool allowed = policy.debug == Right::Allow;
    CheckLine line = judged(kDebug, allowed, "TD_DEBUG",
                            allowed ? "the TD can be debugged, and the policy allows it"
                                    : "the TD can be debugged: the host can read and change it");
    if (!allowed)
        line.hint = "a VM for development may be accepted with a policy that says so";
    return line;
}

CheckLine attributes(const TdReport& report, const Policy& policy)
{
    using check_id::kAttributes;
    const std::uint64_t its = numberOf(report.tdAttributes);
    const std::string text = kit::hexNumber(its);
    // A policy that says which attributes there must be is asked on its own.
    if (const std::uint64_t other = its & ~(kHarmless | kDebug | kMigratable);
        other != 0 && policy.tdAttributes.empty())
        return judged(kAttributes, false, "TD_ATTRIBUTES",
                      "the TD has attributes that are reserved, or not known to be harmless",
                      "none of " + kit::hexNumber(other), text);
    if ((its & kSeptVeDisable) == 0 && policy.septVeDisable == SeptVe::Require)
        return judged(kAttributes, false, "SEPT_VE_DISABLE",
                      "the host can raise #VE in the TD by taking pages away, which Linux relies on not to "
                      "happen",
                      "bit 28, SEPT_VE_DISABLE", text);
    return passed(kAttributes, "the TD's attributes are harmless: " + text);
}

CheckLine xfam(const TdReport& report, const Policy& policy)
{
    using check_id::kXfam;
    const std::uint64_t its = numberOf(report.xfam);
    const bool kept =
        (its & kXfamAlways) == kXfamAlways && ((its & ~kXfamKnown) == 0 || !policy.xfam.empty());
    return judged(kXfam, kept, "XFAM",
                  kept ? "the TD's extended features are known ones"
                       : "the TD has extended features that are not known, or lacks x87 and SSE",
                  "some of " + kit::hexNumber(kXfamKnown), kit::hexNumber(its));
}

CheckLine migration(const TdReport& report, const Policy& policy)
{
    using check_id::kMigration;
    if ((numberOf(report.tdAttributes) & kMigratable) != 0 && policy.migratable == Right::Forbid)
        return failed(kMigration, "MIGRATABLE", "the TD can be migrated, by whoever its service TD is");
    if (report.mrServiceTd && !kit::isZero(*report.mrServiceTd) && policy.mrServiceTd.empty())
        return judged(kMigration, false, "SERVICE_TD", "a service TD is bound to the TD, and can migrate it",
                      kit::toHex(Register{}), kit::toHex(*report.mrServiceTd));
    return passed(kMigration, (numberOf(report.tdAttributes) & kMigratable) != 0
                                  ? "the TD can be migrated, and the policy allows it"
                                  : "the TD cannot be migrated");
}

} // namespace

std::vector<CheckLine> appraiseDefaults(const TdReport& report, const TcbVerdict* tcb, const Policy& policy,
                                        kit::UnixSeconds at)
{
    return {tcbStatus(tcb, policy, at), debug(report, policy), attributes(report, policy),
            xfam(report, policy), migration(report, policy)};
}

} // namespace teehost::tdx
