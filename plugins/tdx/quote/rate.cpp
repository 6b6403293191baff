// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/rate.h"

#include <array>

#include "tdx/quote/checks.h"
#include "tdx/quote/tcb_evaluation.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::failed, kit::passed, kit::skipped;

constexpr std::array kRatings{check_id::kPlatform, check_id::kQe, check_id::kModule, check_id::kTcb,
                              check_id::kTcbCurrent};

class Rating {
public:
    Rating(const Quote& quote, const PckExtension& pck, const TcbInfo* info, const QeIdentity* identity)
        : quote_(quote), pck_(pck), info_(info), identity_(identity)
    {
    }

    void run(Verified& out)
    {
        out.lines.push_back(platform());
        if (out.lines.back().outcome == kit::Outcome::Error)
            info_ = nullptr; // what it says is of another platform
        for (CheckLine& line : std::array{qe(), module(), tcb(), current()})
            out.lines.push_back(std::move(line));
        if (verdict_)
            out.tcb = std::move(verdict_);
    }

private:
    [[nodiscard]] CheckLine platform() const
    {
        using check_id::kPlatform;
        if (info_ == nullptr)
            return without(kPlatform, "TCB info");
        const std::string fmspc = kit::toHex(pck_.fmspc), pceId = kit::toHex(pck_.pceId);
        if (info_->fmspc != pck_.fmspc)
            return kit::undecided(kPlatform, "FMSPC",
                                  "the TCB info is of another kind of platform, FMSPC " +
                                      kit::toHex(info_->fmspc) + " instead of " + fmspc);
        if (info_->pceId != pck_.pceId)
            return kit::undecided(kPlatform, "PCEID",
                                  "the TCB info is of another provisioning certification enclave, " +
                                      kit::toHex(info_->pceId) + " instead of " + pceId);
        return passed(kPlatform, "the TCB info is of the platform, FMSPC " + fmspc + ", PCE " + pceId);
    }

    CheckLine qe()
    {
        using check_id::kQe;
        if (identity_ == nullptr)
            return without(kQe, "QE identity");
        if (const auto fault = identity_->mismatch(quote_.qe))
            return failed(kQe, *fault);
        const Rated rated = rateQe(*identity_, quote_.qe);
        if (rated.fault)
            return failed(kQe, *rated.fault);
        qe_ = rated.rating;
        return passed(kQe, "the quoting enclave is Intel's, and " + std::string(nameOf(qe_->status)));
    }

    CheckLine module()
    {
        using check_id::kModule;
        if (info_ == nullptr)
            return without(kModule, "TCB info");
        const Rated rated = rateModule(*info_, quote_.body.teeTcbSvn);
        if (rated.fault)
            return failed(kModule, *rated.fault);
        if (const auto fault = moduleFault(*info_, quote_.body))
            return failed(kModule, *fault);
        module_ = rated;
        return passed(kModule, "the TDX module is Intel's, and " +
                                   (rated.rating == nullptr ? "rated with its platform"
                                                            : std::string(nameOf(rated.rating->status))));
    }

    CheckLine tcb()
    {
        using check_id::kTcb;
        if (info_ == nullptr)
            return without(kTcb, "TCB info");
        const Rated platform = ratePlatform(*info_, pck_, quote_.body.teeTcbSvn);
        if (platform.fault)
            return failed(kTcb, *platform.fault);
        const std::string its(nameOf(platform.rating->status));
        if (qe_ == nullptr || !module_)
            return skipped(kTcb, "the platform is " + its + ", but its module or enclave has no rating");
        TcbVerdict verdict;
        verdict.platform = *platform.rating;
        verdict.qe = *qe_;
        if (module_->rating != nullptr)
            verdict.module = *module_->rating;
        verdict.launch = all(platform, *module_);
        verdict.status = verdict.launch.status;
        verdict.tcbInfoNumber = info_->evaluationDataNumber;
        verdict.qeIdentityNumber = identity_->evaluationDataNumber;
        verdict_ = std::move(verdict);
        return passed(kTcb, "the platform is " + its + ", with module and quoting enclave " +
                                std::string(nameOf(verdict_->status)) + ", as of " +
                                kit::timeText(verdict_->launch.date));
    }

    /// A module can be replaced while TDs run; they keep what the old one did for them.
    CheckLine current()
    {
        using check_id::kTcbCurrent;
        if (!quote_.body.teeTcbSvn2)
            return skipped(kTcbCurrent, "a report of TDX 1.0 does not say which module runs now");
        if (!verdict_)
            return skipped(kTcbCurrent, "there is no rating to compare with");
        const Rated platform = ratePlatform(*info_, pck_, *quote_.body.teeTcbSvn2);
        const Rated module = rateModule(*info_, *quote_.body.teeTcbSvn2);
        for (const Rated* rated : {&platform, &module})
            if (rated->fault) {
                verdict_.reset();
                return failed(kTcbCurrent, rated->fault->reason,
                              "with the module that runs now, " + rated->fault->message);
            }
        verdict_->current = all(platform, module);
        verdict_->status = afterUpdate(verdict_->launch.status, verdict_->current->status);
        return passed(kTcbCurrent, "with the module that runs now it is " +
                                       std::string(nameOf(verdict_->current->status)) + ", altogether " +
                                       std::string(nameOf(verdict_->status)));
    }

    [[nodiscard]] TcbRating all(const Rated& platform, const Rated& module) const
    {
        std::vector<const TcbRating*> components{qe_};
        if (module.rating != nullptr)
            components.push_back(module.rating);
        return converge(*platform.rating, components);
    }

    static CheckLine without(std::string_view id, const char* what)
    {
        return skipped(id, std::string("there is no ") + what + " that can be relied on");
    }

    const Quote& quote_;
    const PckExtension& pck_;
    const TcbInfo* info_;
    const QeIdentity* identity_;
    const TcbRating* qe_ = nullptr;
    std::optional<Rated> module_;
    std::optional<TcbVerdict> verdict_;
};

/// Without Intel's QE identity: that nobody can look into the enclave, and, under Intel's root, that the
/// enclave is one of Intel's and of the kind that signs for TDs (QE identity TD_QE: mrsigner, isvprodid).
CheckLine qeByItself(const QeReport& qe, std::span<const Anchor> anchors)
{
    constexpr auto kSigner =
        kit::arrayOf<32>("dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5");
    constexpr std::uint16_t kTdQe = 2;
    if (const auto fault = debugFault(qe))
        return failed(check_id::kQe, *fault);
    const bool intels = isTrusted(intelRoots().front(), anchors);
    if (intels && qe.mrSigner != kSigner)
        return kit::judged(check_id::kQe, false, "QE_MRSIGNER", "the quoting enclave is not Intel's",
                           kit::toHex(kSigner), kit::toHex(qe.mrSigner));
    if (intels && qe.isvProdId != kTdQe)
        return kit::judged(check_id::kQe, false, "QE_PRODID", "the enclave does not sign for TDs",
                           std::to_string(kTdQe), std::to_string(qe.isvProdId));
    return {std::string(check_id::kQe),
            kit::Outcome::Warn,
            {},
            intels ? "the quoting enclave is Intel's; how old it is, is not known without collateral"
                   : "whose quoting enclave it is, is not known without collateral"};
}

} // namespace

void addRatings(const Quote& quote, const PckChain& chain, const Collateral& collateral,
                const VerifyTerms& terms, Verified& out)
{
    if (terms.collateral == CollateralMode::Off || !chain.extension) {
        for (const auto id : kRatings)
            out.lines.push_back(id == check_id::kQe && terms.collateral == CollateralMode::Off
                                    ? qeByItself(quote.qe, terms.anchors)
                                    : skipped(id, chain.extension
                                                      ? "collateral is not looked at, as the policy says"
                                                      : "the PCK certificate does not say its platform"));
        return;
    }
    const auto* info = collateral.tcbInfo.content ? &*collateral.tcbInfo.content : nullptr;
    const auto* identity = collateral.qeIdentity.content ? &*collateral.qeIdentity.content : nullptr;
    Rating(quote, *chain.extension, info, identity).run(out);
}

} // namespace teehost::tdx
