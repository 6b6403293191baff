// SPDX-License-Identifier: Apache-2.0
//
// From a C++ class to the C tables of plugin.h. An interface is offered if and only if the class overrides its function.
// No exception passes: each body runs inside guard().
#pragma once

#include <concepts>
#include <memory>
#include <new>
#include <string_view>

#include <teehost/sdk/plugin_base.hpp>

namespace teehost::sdk {

/// Tells the host why the call fails; swallows what the telling itself may throw.
inline th_status report(const th_call* call, th_status status, std::string_view message, std::string_view hint = {},
                        std::string_view field = {}) noexcept
{
    const th_error error{sizeof error, status, str(message), str(hint), str(field), 0, 0};
    return call == nullptr ? status : call->fail(call, &error);
}

/// Runs `body` and turns what it throws into a status, with words when there is a call to say them to. The border.
template <class Body>
th_status guard(const th_call* call, Body&& body) noexcept
{
    try {
        body();
        return TH_OK;
    } catch (const Refused& e) {
        return e.status(); // the host has the words
    } catch (const Error& e) {
        return report(call, e.status() == TH_OK ? TH_INTERNAL : e.status(), e.what(), e.hint(), e.field());
    } catch (const std::bad_alloc&) {
        return report(call, TH_RESOURCE_EXHAUSTED, "out of memory");
    } catch (const std::exception& e) {
        return report(call, TH_INTERNAL, e.what());
    } catch (...) {
        return report(call, TH_INTERNAL, "an exception of unknown type");
    }
}

// A member pointer names the class that declares the member: it differs from Plugin's exactly when P overrides it.
// Hence: never overload these functions, and never override them in a class between Plugin and P that P hides.
template <class P>
concept Composes = !std::same_as<decltype(&P::compose), decltype(&Plugin::compose)>;
template <class P>
concept Measures = !std::same_as<decltype(&P::measure), decltype(&Plugin::measure)>;
template <class P>
concept Verifies = !std::same_as<decltype(&P::verify), decltype(&Plugin::verify)>;
template <class P>
concept Probes = !std::same_as<decltype(&P::probe), decltype(&Plugin::probe)>;
template <class P>
concept Attests = !std::same_as<decltype(&P::evidence), decltype(&Plugin::evidence)>;
template <class P>
concept Challenges = !std::same_as<decltype(&P::challenge), decltype(&Plugin::challenge)>;
template <class P>
concept Diagnoses = !std::same_as<decltype(&P::diagnose), decltype(&Plugin::diagnose)>;
template <class P>
concept HasCapacity = !std::same_as<decltype(&P::capacity), decltype(&Plugin::capacity)>;
template <class P>
concept HasOptions = requires
{
    std::size(P::kOptions);
};

/// One static noexcept function for each pointer, one constant table for each interface.
template <std::derived_from<Plugin> P>
struct Bridge {
    static constexpr std::uint32_t kFlags = P::kAbout.flags;
    static_assert((kFlags & (TH_ROLE_BACKEND | TH_ROLE_ATTESTER)) != 0, "a plugin needs a role");
    static_assert((kFlags & TH_ROLE_BACKEND) == 0 || Composes<P>, "a backend overrides compose");
    static_assert((kFlags & TH_ROLE_ATTESTER) == 0 || Verifies<P>, "an attester overrides verify");
    static_assert(!Attests<P> || Verifies<P>, "evidence is asked for to be verified");
    static_assert(!Challenges<P> || Attests<P>, "a challenge goes with evidence");
    static_assert((kFlags & TH_ROLE_BACKEND) == 0 || (kFlags & TH_PLUGIN_CONFIDENTIAL) == 0 || Measures<P>,
                  "a confidential backend overrides measure");

    struct Instance {
        Instance(const th_call* call, const th_host* its_host) : host(its_host), plugin(Call(call, its_host)) {}
        const th_host* host;
        P plugin;
    };
    static Instance& self(th_instance* instance) noexcept { return *reinterpret_cast<Instance*>(instance); }

    static th_status create(const th_call* call, const th_host* host, th_instance** out) noexcept
    {
        return guard(
            call, [&] { *out = reinterpret_cast<th_instance*>(std::make_unique<Instance>(call, host).release()); });
    }
    static void destroy(th_instance* instance) noexcept { delete &self(instance); }

    /// Runs `body(plugin, call)` for the instance.
    template <class Body>
    static th_status run(th_instance* instance, const th_call* call, Body&& body) noexcept
    {
        return guard(call, [&] { body(self(instance).plugin, Call(call, self(instance).host)); });
    }
    template <class Sink>
    static th_status describeChecks(const Sink* sink, const auto& checks) noexcept
    {
        return guard(nullptr, [&] {
            for (const Check& check : checks) {
                const th_check_spec spec = raw(check);
                expectTaken(sink->add(sink, &spec));
            }
        });
    }

    static th_status describeOptions(const th_option_sink* sink) noexcept
    {
        return guard(nullptr, [&] {
            for (const Option& option : P::kOptions) {
                const th_option_spec spec = raw(option);
                expectTaken(sink->add(sink, &spec));
            }
        });
    }
    static th_status describeProbe(const th_check_spec_sink* sink) noexcept
    {
        return describeChecks(sink, P::kProbeChecks);
    }
    static th_status probe(th_instance* instance, const th_call* call, const th_probe_request* request,
                           const th_check_sink* sink) noexcept
    {
        return run(instance, call, [&](P& p, Call c) { p.probe(c, ProbeRequest(*request), Checks(sink)); });
    }
    static th_status compose(th_instance* instance, const th_call* call, const th_vm_spec* vm,
                             const th_fragment_sink* sink) noexcept
    {
        return run(instance, call, [&](P& p, Call c) { p.compose(c, Vm(*vm), Fragment(sink)); });
    }
    static th_status measure(th_instance* instance, const th_call* call, const th_measure_request* request,
                             const th_measure_sink* sink) noexcept
    {
        return run(instance, call, [&](P& p, Call c) { p.measure(c, MeasureRequest(*request), Reference(sink)); });
    }
    static th_status describeVerify(const th_check_spec_sink* sink) noexcept
    {
        return describeChecks(sink, P::kVerifyChecks);
    }
    static std::int32_t recognise(const th_blob* blob) noexcept
    {
        std::int32_t answer = 0; // what cannot even be looked at is not ours
        guard(nullptr, [&] { answer = P::recognise(Blob{view(blob->kind), view(blob->data)}); });
        return answer;
    }
    static th_status inspect(th_instance* instance, const th_call* call, const th_blob* blob,
                             const th_claim_sink* sink) noexcept
    {
        return run(instance, call, [&](P& p, Call c) {
            p.inspect(c, Blob{view(blob->kind), view(blob->data)}, Claims(sink));
        });
    }
    static th_status verify(th_instance* instance, const th_call* call, const th_verify_request* request,
                            const th_check_sink* sink) noexcept
    {
        return run(instance, call, [&](P& p, Call c) { p.verify(c, VerifyRequest(*request), Checks(sink)); });
    }
    static th_status evidence(th_instance* instance, const th_call* call, const th_vm_spec* vm,
                              std::uint32_t* type) noexcept
    {
        return run(instance, call, [&](P& p, Call c) { *type = p.evidence(c, Vm(*vm)); });
    }
    static th_status challenge(th_instance* instance, const th_call* call, const th_challenge_request* request,
                               const th_challenge_sink* sink) noexcept
    {
        return run(instance, call,
                   [&](P& p, Call c) { p.challenge(c, ChallengeRequest(*request), Challenge(sink)); });
    }
    static th_status diagnose(th_instance* instance, const th_call* call, const th_failure* failure,
                              const th_finding_sink* sink) noexcept
    {
        return run(instance, call, [&](P& p, Call c) { p.diagnose(c, Failure(*failure), Findings(sink)); });
    }
    static th_status capacity(th_instance* instance, const th_call* call, const th_capacity_sink* sink) noexcept
    {
        return run(instance, call, [&](P& p, Call c) { p.capacity(c, Capacity(sink)); });
    }

    static const void* interface(const char* id) noexcept
    {
        const std::string_view name(id);
        if constexpr (HasOptions<P>) {
            static constexpr th_options_v1 table{sizeof(th_options_v1), 0, describeOptions};
            if (name == TH_OPTIONS_V1)
                return &table;
        }
        if constexpr (Probes<P>) {
            static constexpr th_probe_v1 table{sizeof(th_probe_v1), 0, describeProbe, probe};
            if (name == TH_PROBE_V1)
                return &table;
        }
        if constexpr (Composes<P>) {
            static constexpr th_compose_v1 table{sizeof(th_compose_v1), 0, compose};
            if (name == TH_COMPOSE_V1)
                return &table;
        }
        if constexpr (Measures<P>) {
            static constexpr th_measure_v1 table{sizeof(th_measure_v1), 0, measure};
            if (name == TH_MEASURE_V1)
                return &table;
        }
        if constexpr (Verifies<P>) {
            static constexpr th_verify_v1 table{sizeof(th_verify_v1), 0, describeVerify, recognise, inspect, verify};
            if (name == TH_VERIFY_V1)
                return &table;
        }
        if constexpr (Attests<P>) {
            static constexpr th_attest_v1 table{sizeof(th_attest_v1), 0, evidence,
                                                Challenges<P> ? challenge : nullptr};
            if (name == TH_ATTEST_V1)
                return &table;
        }
        if constexpr (Diagnoses<P>) {
            static constexpr th_diagnose_v1 table{sizeof(th_diagnose_v1), 0, diagnose};
            if (name == TH_DIAGNOSE_V1)
                return &table;
        }
        if constexpr (HasCapacity<P>) {
            static constexpr th_capacity_v1 table{sizeof(th_capacity_v1), 0, capacity};
            if (name == TH_CAPACITY_V1)
                return &table;
        }
        return nullptr;
    }

    static constexpr th_plugin kPlugin{sizeof(th_plugin),
                                       kFlags,
                                       str(P::kAbout.id),
                                       str(P::kAbout.version),
                                       str(P::kAbout.vendor),
                                       str(P::kAbout.license),
                                       str(P::kAbout.summary),
                                       str(P::kAbout.selectEnv),
                                       create,
                                       destroy,
                                       interface};

    static th_status entry(const th_offer* offer, th_answer* answer) noexcept
    {
        // NOLINTNEXTLINE(bugprone-sizeof-expression): TH_HAS takes the size of a member that is a pointer
        if (offer->major_min > TH_ABI_MAJOR || offer->major_max < TH_ABI_MAJOR || !TH_HAS(answer, th_answer, plugin))
            return TH_UNIMPLEMENTED;
        answer->major = TH_ABI_MAJOR;
        answer->minor = TH_ABI_MINOR;
        answer->plugin = &kPlugin;
        return TH_OK;
    }
};

} // namespace teehost::sdk

/// Defines the one symbol of the library. Outside of any namespace, in one source file.
#define TEEHOST_PLUGIN(Class)                                                                                        \
    extern "C" TH_EXPORT th_status teehost_plugin_entry(const th_offer* offer, th_answer* answer) noexcept           \
    {                                                                                                                \
        return ::teehost::sdk::Bridge<Class>::entry(offer, answer);                                                  \
    }
