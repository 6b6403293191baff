// SPDX-License-Identifier: Apache-2.0
//
// What a host says of itself in /proc, /sys and /dev, for probes. Paths are the caller's, so that a test can
// be any host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace teehost::kit {

/// A value, or why there is none.
template <class T>
struct Asked {
    std::optional<T> value;
    std::string why;
};

/// "cannot open /dev/kvm: Permission denied"
[[nodiscard]] std::string because(const std::string& what, int error_number);

/// The first 64 KiB of a small file; nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> contentsOf(const std::string& path);

/// Whether the kernel lists the flag for the first CPU of a text of /proc/cpuinfo.
[[nodiscard]] bool hasCpuFlag(std::string_view cpuinfo, std::string_view flag);

/// The number behind `name` in lines such as "sev_es 99" (cgroup v2, misc.capacity and misc.current); nothing
/// without such a line. "max" is UINT64_MAX.
[[nodiscard]] std::optional<std::uint64_t> numberInLine(std::string_view text, std::string_view name);

/// An open device; closed with it.
class Device {
public:
    /// For reading and writing; isOpen() says whether it worked, errno why not.
    explicit Device(const std::string& path);
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device();

    [[nodiscard]] bool isOpen() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

/// Why a character device cannot be used by this process; nothing when it can.
enum class DeviceFault { Missing, NotADevice, NotAllowed };
struct DeviceTrouble {
    DeviceFault fault;
    std::string message;
};
[[nodiscard]] std::optional<DeviceTrouble> deviceTrouble(const std::string& path);

/// The types of VMs that KVM makes, a bit each: KVM_CAP_VM_TYPES (Linux, Documentation/virt/kvm/api.rst,
/// section 4.1), asked of /dev/kvm. A kernel without the capability says 0: no type but the default.
[[nodiscard]] Asked<std::uint32_t> kvmVmTypes(const std::string& device);

} // namespace teehost::kit
