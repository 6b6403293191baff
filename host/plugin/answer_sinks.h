// SPDX-License-Identifier: Apache-2.0
//
// Collect what the other calls of a plugin answer. Each class owns its C table; finish() throws what was
// refused.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/acceptance.h"
#include "host/plugin/diagnosis.h"
#include "host/plugin/evidence.h"
#include "host/plugin/sink.h"
#include "host/settings/option.h"

namespace teehost::plugin {

/// Options of one plugin, with full keys.
class OptionSink final : public Sink {
public:
    explicit OptionSink(std::string plugin_id);
    [[nodiscard]] const th_option_sink* table() const noexcept { return &table_; }
    [[nodiscard]] std::vector<settings::OptionSpec> finish();

private:
    void add(const th_option_spec* spec);
    std::string pluginId_;
    std::vector<settings::OptionSpec> options_;
    th_option_sink table_;
};

/// Declarations of checks.
class CheckSpecSink final : public Sink {
public:
    CheckSpecSink();
    [[nodiscard]] const th_check_spec_sink* table() const noexcept { return &table_; }
    [[nodiscard]] std::vector<CheckSpec> finish();

private:
    void add(const th_check_spec* spec);
    std::vector<CheckSpec> specs_;
    th_check_spec_sink table_;
};

/// Checks as reported, duplicates included: what they mean is acceptance.h's to say. Undeclared ids are
/// refused.
class CheckSink final : public Sink {
public:
    explicit CheckSink(const std::vector<CheckSpec>& declared);
    [[nodiscard]] const th_check_sink* table() const noexcept { return &table_; }

    struct Reported {
        std::vector<CheckResult> checks;
        std::vector<Named> claims;
    };
    [[nodiscard]] Reported finish();

private:
    void check(const th_check* check);
    void claim(const th_named* claim);
    const std::vector<CheckSpec>& declared_;
    Reported reported_;
    std::set<std::string> claimKeys_;
    th_check_sink table_;
};

class ClaimSink final : public Sink {
public:
    ClaimSink();
    [[nodiscard]] const th_claim_sink* table() const noexcept { return &table_; }
    [[nodiscard]] std::vector<Named> finish();

private:
    void claim(const th_named* claim);
    std::vector<Named> claims_;
    std::set<std::string> keys_;
    th_claim_sink table_;
};

class MeasureSink final : public Sink {
public:
    MeasureSink();
    [[nodiscard]] const th_measure_sink* table() const noexcept { return &table_; }
    [[nodiscard]] Measurement finish();

private:
    void reg(const th_register* reg);
    void value(const th_named* value);
    void event(const th_measure_event* event);
    Measurement measurement_;
    th_measure_sink table_;
};

class ChallengeSink final : public Sink {
public:
    ChallengeSink();
    [[nodiscard]] const th_challenge_sink* table() const noexcept { return &table_; }
    /// Nothing when there was no challenge.
    [[nodiscard]] std::optional<Challenge> finish();

private:
    void challenge(th_bytes challenge, th_bytes answer);
    void value(const th_named* value);
    Challenge challenge_;
    bool given_ = false;
    std::set<std::string> keys_;
    th_challenge_sink table_;
};

class FindingSink final : public Sink {
public:
    FindingSink();
    [[nodiscard]] const th_finding_sink* table() const noexcept { return &table_; }
    /// Best first; of equal confidence, in the order given.
    [[nodiscard]] std::vector<Finding> finish();

private:
    void finding(const th_finding* finding);
    std::vector<Finding> findings_;
    th_finding_sink table_;
};

class CapacitySink final : public Sink {
public:
    CapacitySink();
    [[nodiscard]] const th_capacity_sink* table() const noexcept { return &table_; }
    [[nodiscard]] std::vector<Capacity> finish();

private:
    void resource(const th_capacity* capacity);
    std::vector<Capacity> resources_;
    th_capacity_sink table_;
};

} // namespace teehost::plugin
