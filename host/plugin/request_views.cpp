// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/request_views.h"

#include "host/base/text.h"
#include "host/plugin/border.h"

namespace teehost::plugin {

namespace {

constexpr std::size_t kTailBytes = 64u << 10;
constexpr std::string_view kReplacement = "\xef\xbf\xbd"; // U+FFFD

/// The end of `text`, as UTF-8 without NUL. Newlines stay: diagnose matches lines.
std::string cleanTail(std::string_view text)
{
    if (text.size() > kTailBytes)
        text.remove_prefix(text.size() - kTailBytes);
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = text[0] == '\0' ? 0 : utf8SequenceLength(text);
        out += length == 0 ? kReplacement : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

} // namespace

th_vm_spec vmView(const VmFacts& vm) noexcept
{
    th_vm_spec out{};
    out.struct_size = sizeof out;
    out.vcpus = vm.vcpus;
    out.max_vcpus = vm.maxVcpus;
    out.guest_cid = vm.guestCid;
    out.memory_bytes = vm.memoryBytes;
    out.vm_id = give(vm.vmId);
    out.run_dir = give(vm.runDir);
    out.qemu_binary = give(vm.qemuBinary);
    out.qemu_version = give(vm.qemuVersion);
    out.accel = give(vm.accel);
    out.machine = give(vm.machine);
    out.cpu = give(vm.cpu);
    out.firmware_code = give(vm.firmwareCode);
    out.firmware_vars = give(vm.firmwareVars);
    out.firmware_vars_source = give(vm.firmwareVarsSource);
    out.igvm = give(vm.igvm);
    out.kernel = give(vm.kernel);
    out.initrd = give(vm.initrd);
    out.cmdline = give(vm.cmdline);
    out.host_data = give(vm.hostData);
    out.config_digest = give(vm.configDigest);
    out.memory_slots = vm.memorySlots;
    out.max_memory_bytes = vm.maxMemoryBytes;
    out.flags = vm.confidential ? static_cast<std::uint32_t>(TH_VM_CONFIDENTIAL) : 0;
    return out;
}

th_blob blobView(const Blob& blob) noexcept { return {sizeof(th_blob), 0, give(blob.kind), give(blob.data)}; }

BlobViews::BlobViews(const std::vector<Blob>& blobs)
{
    blobs_.reserve(blobs.size());
    for (const Blob& blob : blobs)
        blobs_.push_back(blobView(blob));
    for (const th_blob& blob : blobs_)
        pointers_.push_back(&blob);
}

VerifyRequestView::VerifyRequestView(const VerifyRequest& request)
    : evidence_(request.evidence), collateral_(request.collateral), anchors_(request.anchors), request_{}
{
    registers_.reserve(request.expected.size());
    for (const Register& expected : request.expected)
        registers_.push_back({sizeof(th_register), static_cast<th_alg>(expected.alg), give(expected.name),
                              give(expected.digest)});
    for (const th_register& expected : registers_)
        registerPointers_.push_back(&expected);
    for (const Named& value : request.reference)
        reference_.push_back({give(value.key), giveValue(value.value)});

    request_.struct_size = sizeof request_;
    request_.flags = request.offline ? static_cast<std::uint32_t>(TH_VERIFY_OFFLINE) : 0;
    request_.evidence = evidence_.data();
    request_.evidence_count = evidence_.size();
    request_.collateral = collateral_.data();
    request_.collateral_count = collateral_.size();
    request_.anchors = anchors_.data();
    request_.anchor_count = anchors_.size();
    request_.expected = registerPointers_.data();
    request_.expected_count = registerPointers_.size();
    request_.reference = reference_.data();
    request_.reference_count = reference_.size();
    request_.report_data = give(request.reportData);
    request_.policy_json = give(request.policyJson);
    request_.at_wall_ns = request.atWallNs;
}

FailureView::FailureView(const Failure& failure)
    : stage_(cleanTail(failure.stage)), stderrTail_(cleanTail(failure.stderrTail)),
      qmpError_(cleanTail(failure.qmpError)), failure_{sizeof failure_, failure.waitStatus, give(stage_),
                                                       give(stderrTail_), give(qmpError_)}
{
}

} // namespace teehost::plugin
