// SPDX-License-Identifier: Apache-2.0
//
// One loaded plugin: the C tables of plugin.h behind C++ values. Made by loader.h.
//
//     plugin.create(context);                       // once, before any of the calls below
//     const Fragment fragment = plugin.compose(context, facts);
//
// A call that fails throws teehost::Error with the plugin's status, message, hint and field; the message
// names the plugin. A plugin that breaks the contract (invalid UTF-8, too many items, a duplicate) makes the
// call fail too.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "host/plugin/call_context.h"
#include "host/plugin/diagnosis.h"
#include "host/plugin/evidence.h"
#include "host/plugin/fetch.h"
#include "host/plugin/fragment.h"
#include "host/plugin/machine.h"
#include "host/plugin/vm_facts.h"
#include "host/settings/option.h"

namespace teehost::plugin {

struct Contract; // contract.h: the validated tables

/// The SHA-256 of a file, hexadecimal, computed when it is first shown: hashing every plugin takes longer
/// than verifying a report. Any thread may ask, and copies share the answer.
class FileDigest {
public:
    FileDigest() = default;
    explicit FileDigest(std::function<std::string()> compute);
    /// Throws what `compute` throws; empty for a digest of no file.
    [[nodiscard]] const std::string& hex() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

struct PluginInfo {
    std::string id;
    std::string version;
    std::string vendor;
    std::string license;
    std::string summary;
    std::string selectEnv; ///< legacy switch that selects this backend when true; may be empty
    bool backend = false;
    bool attester = false;
    bool confidential = false;
    bool needsKvm = false;
    bool serial = false;   ///< its calls do not overlap
    std::string path;      ///< the real one, not /proc/self/fd
    FileDigest sha256;     ///< of the file that was loaded
    unsigned abiMinor = 0; ///< of the header it was built with
};

/// Thread-safe once created: calls may overlap, unless the plugin asks for a lock around them, which is taken
/// here. Calls block; never make them on an io_context or gRPC thread. The library stays loaded after the
/// object is gone (docs/decisions/0002).
class Plugin {
public:
    Plugin(std::unique_ptr<Contract> contract, const Log& log);
    ~Plugin(); ///< destroys the instance
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    [[nodiscard]] const PluginInfo& info() const noexcept;
    /// Keys are full ("plain-kvm.memory_backend"), the section is "plugin ID". Needs no instance.
    [[nodiscard]] const std::vector<settings::OptionSpec>& options() const noexcept;

    /// Makes the instance. Options that are not reloadable are read here and in no later call.
    void create(const CallContext& context);
    [[nodiscard]] bool created() const noexcept;

    [[nodiscard]] bool hasProbe() const noexcept;
    [[nodiscard]] bool hasCompose() const noexcept;
    [[nodiscard]] bool hasMeasure() const noexcept;
    [[nodiscard]] bool hasVerify() const noexcept;
    [[nodiscard]] bool hasEvidence() const noexcept;
    [[nodiscard]] bool hasChallenge() const noexcept;
    [[nodiscard]] bool hasDiagnose() const noexcept;
    [[nodiscard]] bool hasCapacity() const noexcept;

    // Each of the following throws Unimplemented when the plugin does not offer it.

    /// `defaults`: the VM that the settings describe, so that a probe can look at its firmware and QEMU; may
    /// be null. A declared check that was not reported comes back as Skip, or Error when it is required.
    [[nodiscard]] std::vector<ProbeCheck> probe(const CallContext& context,
                                                const VmFacts* defaults = nullptr) const;
    [[nodiscard]] Fragment compose(const CallContext& context, const VmFacts& vm) const;
    /// `qemuArgs`: the final command line without argv[0]; empty when there is none yet.
    [[nodiscard]] Measurement measure(const CallContext& context, const VmFacts& vm,
                                      const std::vector<std::string>& qemuArgs) const;
    /// 0: not for this plugin; up to 100: certainly. Looks at the bytes only, needs no instance.
    [[nodiscard]] int recognise(const Blob& blob) const;
    /// Claims of `evidence`, unverified.
    [[nodiscard]] std::vector<Named> inspect(const CallContext& context, const Blob& evidence) const;
    [[nodiscard]] VerifyResult verify(const CallContext& context, const VerifyRequest& request) const;
    /// What the VM's agent is to be asked for: AttestationRequest.type.
    [[nodiscard]] std::uint32_t evidence(const CallContext& context, const VmFacts& vm) const;
    /// Nothing when the plugin offers none, or says (FailedPrecondition) that this VM has none for it.
    [[nodiscard]] std::optional<std::uint32_t> evidenceIfAny(const CallContext& context,
                                                             const VmFacts& vm) const;
    /// Nothing when nothing would follow from an answer.
    [[nodiscard]] std::optional<Challenge> challenge(const CallContext& context, const VmFacts& vm,
                                                     const std::vector<Blob>& evidence) const;
    /// Best first.
    [[nodiscard]] std::vector<Finding> diagnose(const CallContext& context, const Failure& failure) const;
    [[nodiscard]] std::vector<Capacity> capacity(const CallContext& context) const;

    /// Gives the plugin the fetch service, which is absent otherwise; before create().
    void serveFetch(std::shared_ptr<FetchService> fetch);
    /// The same of the machine service.
    void serveMachine(std::shared_ptr<MachineService> machine);

    class Services; // what the plugin may ask of the host

private:
    struct State;
    class Scope;

    std::unique_ptr<State> state_;
};

} // namespace teehost::plugin
