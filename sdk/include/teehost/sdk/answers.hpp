// SPDX-License-Identifier: Apache-2.0
//
// Where the other calls put their answers: reference values, checks, claims, challenges, findings, capacity. A refusal of the host
// throws.
#pragma once

#include <optional>
#include <string_view>

#include <teehost/sdk/error.hpp>
#include <teehost/sdk/value.hpp>

namespace teehost::sdk {

/// Answers of measure.
class Reference {
public:
    explicit Reference(const th_measure_sink* sink) noexcept : sink_(sink) {}

    /// Once, or with every digest that will do when what decides between them is not known.
    void reg(std::string_view name, th_alg alg, ByteView digest) const
    {
        const th_register out{sizeof out, alg, str(name), bytes(digest)};
        expectTaken(sink_->reg(sink_, &out));
    }
    void value(std::string_view key, const Value& value) const
    {
        const th_named out{str(key), value.raw()};
        expectTaken(sink_->value(sink_, &out));
    }
    void event(std::string_view reg, th_alg alg, std::string_view what, std::string_view source,
               ByteView digest) const
    {
        const th_measure_event out{sizeof out, alg, str(reg), str(what), str(source), bytes(digest)};
        expectTaken(sink_->event(sink_, &out));
    }

private:
    const th_measure_sink* sink_;
};

/// Answers of probe and verify: each declared check once, and claims.
class Checks {
public:
    explicit Checks(const th_check_sink* sink) noexcept : sink_(sink) {}

    /// What was asked for and what was found.
    struct Compared {
        Value expected;
        Value actual;
    };

    void pass(std::string_view id, std::string_view message = {}, const Compared& values = {}) const
    {
        report(TH_V_PASS, id, message, {}, values);
    }
    void fail(std::string_view id, std::string_view why, std::string_view hint = {},
              const Compared& values = {}) const
    {
        report(TH_V_FAIL, id, why, hint, values);
    }
    void warn(std::string_view id, std::string_view why, std::string_view hint = {},
              const Compared& values = {}) const
    {
        report(TH_V_WARN, id, why, hint, values);
    }
    void skip(std::string_view id, std::string_view why) const { report(TH_V_SKIP, id, why, {}, {}); }
    /// It could not be decided.
    void error(std::string_view id, std::string_view why, std::string_view hint = {}) const
    {
        report(TH_V_ERROR, id, why, hint, {});
    }
    /// It could not be decided, since the evidence cannot be read, is of another kind, or lacks a piece.
    void unfit(std::string_view id, std::string_view why, std::string_view hint = {}) const
    {
        report(TH_V_UNFIT, id, why, hint, {});
    }
    void claim(std::string_view key, const Value& value) const
    {
        const th_named out{str(key), value.raw()};
        expectTaken(sink_->claim(sink_, &out));
    }

private:
    void report(th_verdict verdict, std::string_view id, std::string_view message, std::string_view hint,
                const Compared& values) const
    {
        const th_check out{sizeof out,         verdict, str(id), str(message), str(hint), values.expected.raw(),
                           values.actual.raw()};
        expectTaken(sink_->check(sink_, &out));
    }

    const th_check_sink* sink_;
};

/// Answers of inspect.
class Claims {
public:
    explicit Claims(const th_claim_sink* sink) noexcept : sink_(sink) {}

    void claim(std::string_view key, const Value& value) const
    {
        const th_named out{str(key), value.raw()};
        expectTaken(sink_->claim(sink_, &out));
    }

private:
    const th_claim_sink* sink_;
};

/// Answers of challenge.
class Challenge {
public:
    explicit Challenge(const th_challenge_sink* sink) noexcept : sink_(sink) {}

    /// At most once.
    void ask(ByteView challenge, ByteView answer) const
    {
        expectTaken(sink_->challenge(sink_, bytes(challenge), bytes(answer)));
    }
    /// A reference value that holds once the answer was right.
    void value(std::string_view key, const Value& value) const
    {
        const th_named out{str(key), value.raw()};
        expectTaken(sink_->value(sink_, &out));
    }

private:
    const th_challenge_sink* sink_;
};

/// Answers of diagnose.
class Findings {
public:
    explicit Findings(const th_finding_sink* sink) noexcept : sink_(sink) {}

    void add(std::uint32_t confidence, std::string_view cause, std::string_view remedy, std::string_view quote) const
    {
        const th_finding out{sizeof out, confidence, str(cause), str(remedy), str(quote)};
        expectTaken(sink_->finding(sink_, &out));
    }

private:
    const th_finding_sink* sink_;
};

/// Answers of capacity.
class Capacity {
public:
    explicit Capacity(const th_capacity_sink* sink) noexcept : sink_(sink) {}

    void resource(std::string_view name, std::uint64_t total, std::optional<std::uint64_t> in_use,
                  std::uint64_t per_vm = 1) const
    {
        const std::uint32_t flags = in_use ? std::uint32_t{TH_CAPACITY_IN_USE_KNOWN} : 0;
        const th_capacity out{sizeof out, flags, str(name), total, in_use.value_or(0), per_vm};
        expectTaken(sink_->resource(sink_, &out));
    }

private:
    const th_capacity_sink* sink_;
};

} // namespace teehost::sdk
