// SPDX-License-Identifier: Apache-2.0
#include "tdx/kvm_tdx.h"

#include <cerrno>
#include <vector>

#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <teehost/kit/reader.h>

#include "tdx/kvm_tee.h"

namespace teehost::tdx {
namespace {

// Newer than Debian 12's headers: Linux 6.16, arch/x86/include/uapi/asm/kvm.h.
struct KvmTdxCommand {
    std::uint32_t id = 0; // KVM_TDX_CAPABILITIES
    std::uint32_t flags = 0;
    std::uint64_t data = 0;
    std::uint64_t hwError = 0;
};
constexpr std::size_t kFixedBytes = 256 * 8; // struct kvm_tdx_capabilities before its kvm_cpuid2
constexpr std::size_t kCpuidHeader = 8, kCpuidEntry = 40;
constexpr std::uint32_t kFirstEntries = 6, kMostEntries = 1024;

class Vm {
public:
    Vm(const kit::Device& kvm, unsigned long type) noexcept : fd_(::ioctl(kvm.fd(), KVM_CREATE_VM, type)) {}
    Vm(const Vm&) = delete;
    Vm& operator=(const Vm&) = delete;
    ~Vm()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

} // namespace

Asked<TdxCapabilities> askTdxCapabilities(const std::string& device)
{
    const kit::Device kvm(device);
    if (!kvm.isOpen())
        return {std::nullopt, kit::because("cannot open " + device, errno)};
    const Vm vm(kvm, kTdx.vmType);
    if (vm.fd() < 0)
        return {std::nullopt, kit::because("KVM makes no TD", errno)};
    int error = E2BIG;
    for (std::uint32_t entries = kFirstEntries; error == E2BIG && entries <= kMostEntries; entries *= 2) {
        // In whole numbers of 64 bits, as the kernel's structure is aligned.
        std::vector<std::uint64_t> buffer((kFixedBytes + kCpuidHeader + entries * kCpuidEntry) / 8);
        buffer[kFixedBytes / 8] = entries; // kvm_cpuid2.nent
        KvmTdxCommand command;
        command.data = reinterpret_cast<std::uintptr_t>(buffer.data());
        if (::ioctl(vm.fd(), KVM_MEMORY_ENCRYPT_OP, &command) == 0)
            return {TdxCapabilities{buffer[0], buffer[1]}, {}};
        error = errno;
    }
    return {std::nullopt, kit::because("KVM does not tell what TDs can have", error)};
}

} // namespace teehost::tdx
