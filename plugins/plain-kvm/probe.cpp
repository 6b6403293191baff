// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plain_kvm.h"

namespace teehost::plain_kvm {

namespace {

constexpr int kKvmApiVersion =
    12; // stable since Linux 2.6.22; Documentation/virt/kvm/api.rst, KVM_GET_API_VERSION

std::string errnoText(int number) { return std::generic_category().message(number); }

void checkKvm(sdk::Checks out)
{
    const int fd = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        const int error = errno;
        out.warn("kvm.device",
                 "cannot open /dev/kvm: " + errnoText(error) + "; VMs run slowly, under emulation (TCG)",
                 error == EACCES || error == EPERM
                     ? "add the daemon's user to the group of /dev/kvm (usually kvm)"
                     : "load kvm_amd or kvm_intel, and enable virtualisation in the "
                       "firmware setup of the machine");
        return;
    }
    const int version = ::ioctl(fd, KVM_GET_API_VERSION, 0);
    ::close(fd);
    if (version != kKvmApiVersion) {
        out.warn("kvm.device", "/dev/kvm is not a KVM device; VMs run slowly, under emulation (TCG)",
                 "see what /dev/kvm is: ls -l /dev/kvm");
        return;
    }
    out.pass("kvm.device", "/dev/kvm can be used");
}

void checkFile(std::string_view id, std::string_view path, sdk::Checks out)
{
    if (path.empty()) {
        out.pass(id, "none is configured; QEMU's own firmware is used");
        return;
    }
    const std::string name(path);
    struct stat status {};
    if (::stat(name.c_str(), &status) != 0 || ::access(name.c_str(), R_OK) != 0) {
        out.fail(id, "cannot read \"" + name + "\": " + errnoText(errno),
                 "install the package ovmf, or set the path of the firmware");
        return;
    }
    if (!S_ISREG(status.st_mode) || status.st_size == 0) {
        out.fail(id, "\"" + name + "\" is not a file with content", "install the package ovmf anew");
        return;
    }
    out.pass(id, "\"" + name + "\" can be read");
}

} // namespace

void PlainKvm::probe(sdk::Call, const sdk::ProbeRequest& request, sdk::Checks out)
{
    checkKvm(out);
    const std::string_view code = request.hasVm() ? request.defaults().firmwareCode() : std::string_view();
    const std::string_view vars =
        request.hasVm() ? request.defaults().firmwareVarsSource() : std::string_view();
    checkFile("firmware.code", code, out);
    checkFile("firmware.vars", vars, out);
}

} // namespace teehost::plain_kvm
