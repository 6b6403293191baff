// SPDX-License-Identifier: Apache-2.0
//
// What the host asks, as C++ views valid during the call. Flags that this header does not know are refused here, as the
// contract demands: an ignored bit of a request could weaken a verification.
#pragma once

#include <string_view>
#include <vector>

#include <teehost/sdk/error.hpp>
#include <teehost/sdk/value.hpp>
#include <teehost/sdk/vm.hpp>

namespace teehost::sdk {

inline void refuseUnknownFlags(std::uint32_t flags, std::uint32_t known)
{
    if ((flags & ~known) != 0)
        throw Error(TH_UNIMPLEMENTED, "the request has flags that this plugin does not know");
}

struct MeasureRequest {
    explicit MeasureRequest(const th_measure_request& raw) : vm(*raw.vm)
    {
        refuseUnknownFlags(raw.flags, 0);
        for (std::size_t i = 0; i < raw.qemu_arg_count; ++i)
            qemuArgs.push_back(view(raw.qemu_args[i]));
    }
    Vm vm;
    std::vector<std::string_view> qemuArgs; ///< without argv[0]; empty: not known yet
};

struct ProbeRequest {
    explicit ProbeRequest(const th_probe_request& raw) : vm(raw.vm) { refuseUnknownFlags(raw.flags, 0); }
    /// The VM that the settings describe, if there is one.
    [[nodiscard]] bool hasVm() const noexcept { return vm != nullptr; }
    [[nodiscard]] Vm defaults() const noexcept { return Vm(*vm); }

private:
    const th_vm_spec* vm;
};

struct Blob {
    std::string_view kind;
    ByteView data;
};

struct RegisterValue {
    std::string_view name;
    th_alg alg;
    ByteView digest;
};

[[nodiscard]] inline std::vector<Blob> blobsOf(const th_blob* const* list, std::size_t count)
{
    std::vector<Blob> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back({view(list[i]->kind), view(list[i]->data)});
    return out;
}

/// See th_challenge_request.
struct ChallengeRequest {
    explicit ChallengeRequest(const th_challenge_request& raw)
        : vm(*raw.vm), evidence(blobsOf(raw.evidence, raw.evidence_count))
    {
        refuseUnknownFlags(raw.flags, 0);
    }
    Vm vm;
    std::vector<Blob> evidence;
};

/// See th_verify_request.
struct VerifyRequest {
    explicit VerifyRequest(const th_verify_request& raw)
        : evidence(blobsOf(raw.evidence, raw.evidence_count)),
          collateral(blobsOf(raw.collateral, raw.collateral_count)), anchors(blobsOf(raw.anchors, raw.anchor_count)),
          reference(raw.reference, raw.reference_count), reportData(view(raw.report_data)),
          policyJson(view(raw.policy_json)), atWallNs(raw.at_wall_ns), offline((raw.flags & TH_VERIFY_OFFLINE) != 0)
    {
        refuseUnknownFlags(raw.flags, TH_VERIFY_OFFLINE);
        for (std::size_t i = 0; i < raw.expected_count; ++i)
            expected.push_back({view(raw.expected[i]->name), raw.expected[i]->alg, view(raw.expected[i]->digest)});
    }
    std::vector<Blob> evidence;
    std::vector<Blob> collateral;
    std::vector<Blob> anchors;
    std::vector<RegisterValue> expected; ///< several of one name: any of them will do
    std::span<const th_named> reference;
    ByteView reportData;
    std::string_view policyJson;
    std::int64_t atWallNs; ///< 0: now, by Call::wallNs()
    bool offline;
};

/// See th_failure.
struct Failure {
    explicit Failure(const th_failure& raw) noexcept
        : waitStatus(raw.wait_status), stage(view(raw.stage)), stderrTail(view(raw.stderr_tail)),
          qmpError(view(raw.qmp_error))
    {
    }
    int waitStatus;
    std::string_view stage;
    std::string_view stderrTail;
    std::string_view qmpError;
};

} // namespace teehost::sdk
