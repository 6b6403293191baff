// SPDX-License-Identifier: Apache-2.0
//
// The virtual machine of a compose, measure or probe call. A view of th_vm_spec, see there for what each member means.
#pragma once

#include <cstdint>
#include <string_view>

#include <teehost/sdk/value.hpp>

namespace teehost::sdk {

class Vm {
public:
    explicit Vm(const th_vm_spec& raw) noexcept : raw_(&raw) {}

    [[nodiscard]] std::uint32_t vcpus() const noexcept { return raw_->vcpus; }
    [[nodiscard]] std::uint32_t maxVcpus() const noexcept { return raw_->max_vcpus; }
    [[nodiscard]] std::uint32_t guestCid() const noexcept { return raw_->guest_cid; }
    [[nodiscard]] std::uint64_t memoryBytes() const noexcept { return raw_->memory_bytes; }
    [[nodiscard]] std::string_view vmId() const noexcept { return view(raw_->vm_id); }
    [[nodiscard]] std::string_view runDir() const noexcept { return view(raw_->run_dir); }
    [[nodiscard]] std::string_view qemuBinary() const noexcept { return view(raw_->qemu_binary); }
    [[nodiscard]] std::string_view qemuVersion() const noexcept { return view(raw_->qemu_version); }
    [[nodiscard]] std::string_view accel() const noexcept { return view(raw_->accel); }
    [[nodiscard]] std::string_view machine() const noexcept { return view(raw_->machine); }
    [[nodiscard]] std::string_view cpu() const noexcept { return view(raw_->cpu); }
    [[nodiscard]] std::string_view firmwareCode() const noexcept { return view(raw_->firmware_code); }
    [[nodiscard]] std::string_view firmwareVars() const noexcept { return view(raw_->firmware_vars); }
    [[nodiscard]] std::string_view firmwareVarsSource() const noexcept { return view(raw_->firmware_vars_source); }
    [[nodiscard]] std::string_view igvm() const noexcept { return view(raw_->igvm); }
    [[nodiscard]] std::string_view kernel() const noexcept { return view(raw_->kernel); }
    [[nodiscard]] std::string_view initrd() const noexcept { return view(raw_->initrd); }
    [[nodiscard]] std::string_view cmdline() const noexcept { return view(raw_->cmdline); }
    [[nodiscard]] ByteView hostData() const noexcept { return view(raw_->host_data); }
    /// Empty when the host does not know it.
    [[nodiscard]] ByteView configDigest() const noexcept
    {
        return TH_HAS(raw_, th_vm_spec, config_digest) ? view(raw_->config_digest) : ByteView();
    }

    /// Its backend protects it from the host; false when the host does not say.
    [[nodiscard]] bool confidential() const noexcept
    {
        return TH_HAS(raw_, th_vm_spec, flags) && (raw_->flags & TH_VM_CONFIDENTIAL) != 0;
    }

    /// For memory that could be plugged later; 0 when there are none, or the host does not say.
    [[nodiscard]] std::uint32_t memorySlots() const noexcept
    {
        return TH_HAS(raw_, th_vm_spec, max_memory_bytes) ? raw_->memory_slots : 0;
    }
    [[nodiscard]] std::uint64_t maxMemoryBytes() const noexcept
    {
        return memorySlots() == 0 ? memoryBytes() : raw_->max_memory_bytes;
    }

    [[nodiscard]] const th_vm_spec& raw() const noexcept { return *raw_; }

private:
    const th_vm_spec* raw_;
};

} // namespace teehost::sdk
