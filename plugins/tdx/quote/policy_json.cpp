// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include <teehost/kit/policy_json.h>

#include "tdx/quote/policy.h"

namespace teehost::tdx {
namespace {

using kit::Json, kit::listRule, kit::ruleOf;
using kit::policy::choice, kit::policy::sized, kit::policy::Word, kit::policy::wrong;
using Rules = kit::PolicyRules<Policy>;

/// 8 bytes in the order of memory, or a number.
kit::Bytes bits(const std::string& key, const Json& value)
{
    const bool isNumber =
        value.is_number() || (value.is_string() && value.get_ref<const std::string&>().starts_with("0x"));
    if (!isNumber)
        return sized(sizeof(Bits))(key, value);
    const Bits bytes = bitsOf(kit::policy::number(key, value));
    return {bytes.begin(), bytes.end()};
}

std::optional<Svns> svns(const std::string& key, const Json& value)
{
    const kit::Bytes bytes = sized(sizeof(Svns))(key, value);
    Svns out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

std::set<TcbStatus> statuses(const std::string& key, const Json& value)
{
    const auto one = [](const std::string& name, const Json& element) {
        const auto status = statusNamed(kit::policy::text(name, element));
        if (!status || *status == TcbStatus::Revoked)
            throw wrong(name, "a list of statuses of TCBs; Revoked is never acceptable");
        return *status;
    };
    const auto list = kit::policy::several(key, value, one);
    return {list.begin(), list.end()};
}

/// "30d", "12h", "0s"; a number is of seconds.
std::chrono::seconds period(const std::string& key, const Json& value)
{
    constexpr std::uint64_t kMost = 10ull * 366 * 86'400;
    std::uint64_t count = 0, unit = 1;
    bool valid = value.is_number_unsigned();
    if (valid) {
        count = value.get<std::uint64_t>();
    } else if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
        const auto& text = value.get_ref<const std::string&>();
        const char* last = text.data() + text.size() - 1;
        const auto [end, error] = std::from_chars(text.data(), last, count);
        unit = *last == 'd' ? 86'400 : *last == 'h' ? 3'600 : *last == 's' ? 1 : 0;
        valid = error == std::errc() && end == last && unit != 0;
    }
    if (!valid || count > kMost || count * unit > kMost)
        throw wrong(key, "a time of up to ten years: 30d, 12h, 90s");
    return std::chrono::seconds(count * unit);
}

Right right(const std::string& key, const Json& value)
{
    static constexpr std::array kWords{Word<Right>{"forbid", Right::Forbid},
                                       Word<Right>{"allow", Right::Allow}};
    return choice<Right>(key, value, kWords);
}

SeptVe septVe(const std::string& key, const Json& value)
{
    static constexpr std::array kWords{Word<SeptVe>{"require", SeptVe::Require},
                                       Word<SeptVe>{"ignore", SeptVe::Ignore}};
    return choice<SeptVe>(key, value, kWords);
}

CrlMode crlMode(const std::string& key, const Json& value)
{
    static constexpr std::array kWords{Word<CrlMode>{"off", CrlMode::Off},
                                       Word<CrlMode>{"if-present", CrlMode::IfPresent},
                                       Word<CrlMode>{"required", CrlMode::Required}};
    return choice<CrlMode>(key, value, kWords);
}

CollateralMode collateralMode(const std::string& key, const Json& value)
{
    static constexpr std::array kWords{Word<CollateralMode>{"off", CollateralMode::Off},
                                       Word<CollateralMode>{"required", CollateralMode::Required}};
    return choice<CollateralMode>(key, value, kWords);
}

AcpiTrust acpiTrust(const std::string& key, const Json& value)
{
    static constexpr std::array kWords{Word<AcpiTrust>{"reference", AcpiTrust::Reference},
                                       Word<AcpiTrust>{"log", AcpiTrust::Log}};
    return choice<AcpiTrust>(key, value, kWords);
}

Unpredicted unpredicted(const std::string& key, const Json& value)
{
    static constexpr std::array kWords{Word<Unpredicted>{"refuse", Unpredicted::Refuse},
                                       Word<Unpredicted>{"ignore", Unpredicted::Ignore}};
    return choice<Unpredicted>(key, value, kWords);
}

Rules::Setter rtmr(std::size_t index)
{
    return [index](Policy& p, const std::string& key, const Json& value) {
        p.rtmr.at(index) = kit::policy::several(key, value, sized(sizeof(Register)));
    };
}

const Rules& policyRules()
{
    static const auto reg = sized(sizeof(Register));
    static const Rules rules{{"mr_td", listRule(&Policy::mrTd, reg)},
                             {"mr_seam", listRule(&Policy::mrSeam, reg)},
                             {"mr_signer_seam", listRule(&Policy::mrSignerSeam, reg)},
                             {"mr_config_id", listRule(&Policy::mrConfigId, reg)},
                             {"mr_owner", listRule(&Policy::mrOwner, reg)},
                             {"mr_owner_config", listRule(&Policy::mrOwnerConfig, reg)},
                             {"mr_service_td", listRule(&Policy::mrServiceTd, reg)},
                             {"rtmr0", rtmr(0)},
                             {"rtmr1", rtmr(1)},
                             {"rtmr2", rtmr(2)},
                             {"rtmr3", rtmr(3)},
                             {"td_attributes", listRule(&Policy::tdAttributes, bits)},
                             {"xfam", listRule(&Policy::xfam, bits)},
                             {"report_data", listRule(&Policy::reportData, sized(64))},
                             {"qe_vendor_id", listRule(&Policy::qeVendorId, sized(16))},
                             {"minimum_tee_tcb_svn", ruleOf(&Policy::minimumTeeTcbSvn, svns)},
                             {"allowed_tcb_status", ruleOf(&Policy::allowedTcbStatus, statuses)},
                             {"grace_period", ruleOf(&Policy::gracePeriod, period)},
                             {"denied_advisories", listRule(&Policy::deniedAdvisories, kit::policy::text)},
                             {"min_tcb_evaluation_data_number",
                              ruleOf(&Policy::minTcbEvaluationDataNumber, kit::policy::upTo(UINT32_MAX))},
                             {"debug", ruleOf(&Policy::debug, right)},
                             {"migratable", ruleOf(&Policy::migratable, right)},
                             {"sept_ve_disable", ruleOf(&Policy::septVeDisable, septVe)},
                             {"crl", ruleOf(&Policy::crl, crlMode)},
                             {"collateral", ruleOf(&Policy::collateral, collateralMode)},
                             {"acpi", ruleOf(&Policy::acpi, acpiTrust)},
                             {"unpredicted", ruleOf(&Policy::unpredicted, unpredicted)}};
    return rules;
}

} // namespace

Policy Policy::parse(std::string_view json)
{
    Policy policy;
    policyRules().read(policy, kit::policy::document(json));
    return policy;
}

} // namespace teehost::tdx
