// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/host.h"

#include <cerrno>
#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace teehost::kit {

std::string because(const std::string& what, int error_number)
{
    return what + ": " + std::generic_category().message(error_number);
}

std::optional<std::string> contentsOf(const std::string& path)
{
    constexpr std::size_t kEnough = 64 * 1024;
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return std::nullopt;
    std::string text(kEnough, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

bool hasCpuFlag(std::string_view cpuinfo, std::string_view flag)
{
    std::istringstream lines{std::string(cpuinfo)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("flags"))
            continue;
        std::istringstream words(line);
        for (std::string word; words >> word;)
            if (word == flag)
                return true;
        return false;
    }
    return false;
}

std::optional<std::uint64_t> numberInLine(std::string_view text, std::string_view name)
{
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ')
            continue;
        const std::string_view digits = std::string_view(line).substr(name.size() + 1);
        if (digits == "max")
            return std::numeric_limits<std::uint64_t>::max();
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc() && end == digits.data() + digits.size())
            return number;
    }
    return std::nullopt;
}

Device::Device(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)) {}

Device::~Device()
{
    if (fd_ >= 0)
        ::close(fd_);
}

std::optional<DeviceTrouble> deviceTrouble(const std::string& path)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return DeviceTrouble{DeviceFault::Missing, because("there is no " + path, errno)};
    if (!S_ISCHR(status.st_mode))
        return DeviceTrouble{DeviceFault::NotADevice, path + " is not a character device"};
    if (::access(path.c_str(), R_OK | W_OK) != 0)
        return DeviceTrouble{DeviceFault::NotAllowed, because(path + " may not be opened", errno)};
    return std::nullopt;
}

Asked<std::uint32_t> kvmVmTypes(const std::string& device)
{
    constexpr unsigned long kCapVmTypes = 235; // Linux 6.8; newer than Debian 12's headers
    const Device kvm(device);
    if (!kvm.isOpen())
        return {std::nullopt, because("cannot open " + device, errno)};
    const int types = ::ioctl(kvm.fd(), KVM_CHECK_EXTENSION, kCapVmTypes);
    if (types < 0)
        return {std::nullopt, because(device + " does not answer as KVM does", errno)};
    return {static_cast<std::uint32_t>(types), {}};
}

} // namespace teehost::kit
