// SPDX-License-Identifier: Apache-2.0
#include "host_devices.h"

#include <array>
#include <cerrno>

#include <linux/psp-sev.h>
#include <sys/ioctl.h>

#include <teehost/kit/reader.h>

namespace teehost::sev_snp {
namespace {

// Newer than Debian 12's headers: Linux 6.11, include/uapi/linux/psp-sev.h.
constexpr std::uint32_t kSnpPlatformStatus = 9;
constexpr std::size_t kSnpStatusBytes = 32; // struct sev_user_data_snp_status

bool command(const kit::Device& device, std::uint32_t number, void* data)
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
    const kit::Device sev(device);
    if (!sev.isOpen())
        return {std::nullopt, kit::because("cannot open " + device, errno)};
    std::array<std::uint8_t, kSnpStatusBytes> status{};
    if (command(sev, kSnpPlatformStatus, status.data()))
        return {read(status), {}};
    sev_user_data_status old{};
    if (command(sev, SEV_PLATFORM_STATUS, &old))
        return {SevFirmware{old.api_major, old.api_minor, old.build, false}, {}};
    return {std::nullopt, kit::because("the SEV firmware does not answer through " + device, errno)};
}

} // namespace teehost::sev_snp
