// SPDX-License-Identifier: Apache-2.0
#include "host_devices.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psp-sev.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <teehost/kit/reader.h>

namespace teehost::sev_snp {
namespace {

// Newer than Debian 12's headers: Linux 6.11, include/uapi/linux/psp-sev.h and include/uapi/linux/kvm.h.
constexpr std::uint32_t kSnpPlatformStatus = 9;
constexpr std::size_t kSnpStatusBytes = 32; // struct sev_user_data_snp_status
constexpr unsigned long kCapVmTypes = 235;  // KVM_CAP_VM_TYPES

class Device {
public:
    explicit Device(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)) {}
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    [[nodiscard]] bool isOpen() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

std::string because(const std::string& what, int number)
{
    return what + ": " + std::generic_category().message(number);
}

bool command(const Device& device, std::uint32_t number, void* data)
{
    sev_issue_cmd issue{};
    issue.cmd = number;
    issue.data = reinterpret_cast<std::uintptr_t>(data);
    return ::ioctl(device.fd(), SEV_ISSUE_CMD, &issue) == 0;
}

SevFirmware read(const std::array<std::uint8_t, kSnpStatusBytes>& status)
{
    kit::Reader in(status, "SNP platform status");
    SevFirmware out;
    out.apiMajor = in.u8();
    out.apiMinor = in.u8();
    out.snpInitialized = in.u8() == 1; // PSTATE.INIT
    in.skip(1);
    out.build = in.u32();
    return out;
}

} // namespace

Asked<SevFirmware> askSevFirmware(const std::string& device)
{
    const Device sev(device);
    if (!sev.isOpen())
        return {std::nullopt, because("cannot open " + device, errno)};
    std::array<std::uint8_t, kSnpStatusBytes> status{};
    if (command(sev, kSnpPlatformStatus, status.data()))
        return {read(status), {}};
    sev_user_data_status old{};
    if (command(sev, SEV_PLATFORM_STATUS, &old))
        return {SevFirmware{old.api_major, old.api_minor, old.build, false}, {}};
    return {std::nullopt, because("the SEV firmware does not answer through " + device, errno)};
}

Asked<std::uint32_t> askKvmVmTypes(const std::string& device)
{
    const Device kvm(device);
    if (!kvm.isOpen())
        return {std::nullopt, because("cannot open " + device, errno)};
    const int types = ::ioctl(kvm.fd(), KVM_CHECK_EXTENSION, kCapVmTypes);
    if (types < 0)
        return {std::nullopt, because(device + " does not answer as KVM does", errno)};
    return {static_cast<std::uint32_t>(types), {}};
}

} // namespace teehost::sev_snp
