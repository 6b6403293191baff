// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tdx/quote/appraisal.h"
#include "tdx/quote/checks.h"

namespace teehost::tdx {
namespace {

using kit::CheckLine, kit::judged;

/// The rules that are kept or broken by bytes of the quote; each fails with its key in capitals as the
/// reason.
bool concerns(const TcbRating& rating, const std::string& advisory)
{
    return std::find(rating.advisories.begin(), rating.advisories.end(), advisory) != rating.advisories.end();
}

class Appraisal {
public:
    Appraisal(const Quote& quote, const TcbVerdict* tcb, const Policy& policy)
        : quote_(quote), tcb_(tcb), policy_(policy)
    {
    }

    std::vector<CheckLine> run()
    {
        const TdReport& body = quote_.body;
        oneOf("mr_td", "MR_TD", policy_.mrTd, body.mrTd);
        oneOf("mr_seam", "MR_SEAM", policy_.mrSeam, body.mrSeam);
        oneOf("mr_signer_seam", "MR_SIGNER_SEAM", policy_.mrSignerSeam, body.mrSignerSeam);
        oneOf("mr_config_id", "MR_CONFIG_ID", policy_.mrConfigId, body.mrConfigId);
        oneOf("mr_owner", "MR_OWNER", policy_.mrOwner, body.mrOwner);
        oneOf("mr_owner_config", "MR_OWNER_CONFIG", policy_.mrOwnerConfig, body.mrOwnerConfig);
        // Before TDX 1.5 no service TD can be bound.
        oneOf("mr_service_td", "MR_SERVICE_TD", policy_.mrServiceTd, body.mrServiceTd.value_or(Register{}));
        oneOf("rtmr0", "RTMR0", policy_.rtmr[0], body.rtmr[0]);
        oneOf("rtmr1", "RTMR1", policy_.rtmr[1], body.rtmr[1]);
        oneOf("rtmr2", "RTMR2", policy_.rtmr[2], body.rtmr[2]);
        oneOf("rtmr3", "RTMR3", policy_.rtmr[3], body.rtmr[3]);
        oneOf("td_attributes", "TD_ATTRIBUTES", policy_.tdAttributes, body.tdAttributes);
        oneOf("xfam", "XFAM", policy_.xfam, body.xfam);
        oneOf("report_data", "REPORT_DATA", policy_.reportData, body.reportData);
        oneOf("qe_vendor_id", "QE_VENDOR_ID", policy_.qeVendorId, quote_.qeVendor);
        minimumSvn();
        advisories();
        evaluation();
        return std::move(lines_);
    }

private:
    static std::string idOf(std::string_view rule)
    {
        return std::string(check_id::kPolicyPrefix) + std::string(rule);
    }

    void oneOf(std::string_view rule, std::string_view reason, const std::vector<kit::Bytes>& list,
               kit::ByteView actual)
    {
        if (list.empty())
            return;
        bool kept = false;
        std::string wanted;
        for (const kit::Bytes& one : list) {
            kept = kit::equalInConstantTime(one, actual) || kept; // report data is among them
            wanted += (wanted.empty() ? "" : " or ") + kit::toHex(one);
        }
        lines_.push_back(judged(idOf(rule), kept, reason,
                                std::string(rule) + (kept ? " is as expected" : " is not as expected"),
                                wanted, kit::toHex(actual)));
    }

    void minimumSvn()
    {
        if (!policy_.minimumTeeTcbSvn)
            return;
        const Svns &actual = quote_.body.teeTcbSvn, &wanted = *policy_.minimumTeeTcbSvn;
        const bool kept = std::equal(actual.begin(), actual.end(), wanted.begin(), std::greater_equal<>());
        lines_.push_back(judged(idOf("minimum_tee_tcb_svn"), kept, "MINIMUM_TEE_TCB_SVN",
                                kept ? "no component of the TEE's TCB is too low"
                                     : "a component of the TEE's TCB is too low",
                                kit::toHex(wanted), kit::toHex(actual)));
    }

    /// A rule on Intel's rating, which there may not be.
    void rated(std::string_view rule, CheckLine line)
    {
        if (tcb_ == nullptr)
            line = kit::undecided(idOf(rule), "TCB_UNKNOWN", "could not be judged: the TCB has no rating");
        lines_.push_back(std::move(line));
    }

    void advisories()
    {
        if (policy_.deniedAdvisories.empty())
            return;
        constexpr std::string_view kRule = "denied_advisories";
        std::string found;
        for (const std::string& denied : policy_.deniedAdvisories)
            if (tcb_ != nullptr &&
                (concerns(tcb_->launch, denied) || (tcb_->current && concerns(*tcb_->current, denied))))
                found += (found.empty() ? "" : ", ") + denied;
        rated(kRule, judged(idOf(kRule), found.empty(), "DENIED_ADVISORIES",
                            found.empty() ? "no advisory that is denied concerns the platform"
                                          : "advisories concern the platform that are denied: " + found));
    }

    void evaluation()
    {
        if (!policy_.minTcbEvaluationDataNumber)
            return;
        constexpr std::string_view kRule = "min_tcb_evaluation_data_number";
        const std::uint32_t its = tcb_ == nullptr ? 0 : std::min(tcb_->tcbInfoNumber, tcb_->qeIdentityNumber);
        const bool kept = its >= *policy_.minTcbEvaluationDataNumber;
        // Old collateral says nothing of the TD.
        rated(kRule,
              kept ? kit::passed(idOf(kRule), "the collateral is new enough, evaluation data number " +
                                                  std::to_string(its))
                   : kit::undecided(idOf(kRule), "MIN_TCB_EVALUATION_DATA_NUMBER",
                                    "the collateral is of an older evaluation, number " +
                                        std::to_string(its) + ", where " +
                                        std::to_string(*policy_.minTcbEvaluationDataNumber) + " is wanted",
                                    "fetch newer collateral"));
    }

    const Quote& quote_;
    const TcbVerdict* tcb_;
    const Policy& policy_;
    std::vector<CheckLine> lines_;
};

} // namespace

std::vector<CheckLine> appraisePolicy(const Quote& quote, const TcbVerdict* tcb, const Policy& policy)
{
    return Appraisal(quote, tcb, policy).run();
}

} // namespace teehost::tdx
