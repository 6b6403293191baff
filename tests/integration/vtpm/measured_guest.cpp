// SPDX-License-Identifier: Apache-2.0
#include "vtpm/measured_guest.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <sstream>

#include "support/child.h"
#include "support/guest_image.h"
#include "support/wait.h"

namespace teehost::test {
namespace {

/// A member of a cpio archive of the form "newc" (Linux, Documentation/driver-api/early-userspace/
/// buffer-format.rst).
std::string cpioMember(const std::string& name, const std::string& content, unsigned mode)
{
    char header[111];
    std::snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 0u,
                  mode, 0u, 0u, 1u, 0u, static_cast<unsigned>(content.size()), 0u, 0u, 0u, 0u,
                  static_cast<unsigned>(name.size() + 1), 0u);
    const auto padded = [](std::string text) {
        text.resize((text.size() + 3) / 4 * 4, '\0');
        return text;
    };
    return padded(std::string(header) + name + '\0') + padded(content);
}

} // namespace

std::string referenceKernel() { return readFile(guestImage().bzImage); }

std::string printingInitrd(const std::string& note)
{
    constexpr unsigned kProgram = 0100755, kFile = 0100644;
    return cpioMember("init", readFile(TEEHOST_TEST_PCR_PRINTER), kProgram) +
           cpioMember("note", note, kFile) + cpioMember("TRAILER!!!", "", 0);
}

std::string quickCmdline()
{
    return "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check mitigations=off nokaslr init_on_alloc=0 "
           "random.trust_cpu=on cryptomgr.notests";
}

MeasuredGuest::MeasuredGuest(const MeasuredBoot& boot) : boot_(boot)
{
    writeFile(scratch_ / "kernel", boot.kernel);
    writeFile(scratch_ / "initrd", boot.initrd);
    if (!boot.disk.empty()) {
        // The path that firmware looks for on a disk it does not know (UEFI specification, section 3.5.1.1).
        std::filesystem::create_directories(scratch_ / "disk/EFI/BOOT");
        writeFile(scratch_ / "disk/EFI/BOOT/BOOTX64.EFI", boot.disk);
    }
    if (boot.vars.empty())
        return;
    std::filesystem::copy_file(varsSource(), scratch_ / "vars");
    std::filesystem::permissions(scratch_ / "vars", std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
}

std::vector<std::string> MeasuredGuest::firmwareArguments() const
{
    if (boot_.vars.empty())
        return {"-bios", firmware()};
    return {"-drive", "if=pflash,format=raw,readonly=on,file=" + firmware(), "-drive",
            "if=pflash,format=raw,file=" + path("vars")};
}

std::vector<std::string> MeasuredGuest::startArguments() const
{
    if (!boot_.disk.empty())
        return {"-drive", "file=fat:rw:" + path("disk") + ",format=raw,if=none,id=disk", "-device",
                "virtio-blk-pci,drive=disk"};
    return {"-kernel", path("kernel"), "-initrd", path("initrd"), "-append", boot_.cmdline};
}

std::vector<std::string> MeasuredGuest::qemuArguments() const
{
    std::vector<std::string> out{"-nodefaults",
                                 "-no-user-config",
                                 "-no-reboot",
                                 "-display",
                                 "none",
                                 "-machine",
                                 boot_.machine + ",accel=tcg",
                                 "-cpu",
                                 boot_.cpu,
                                 "-m",
                                 std::to_string(boot_.memoryMiB) + boot_.memoryRoom,
                                 "-smp",
                                 "cpus=" + std::to_string(boot_.vcpus) +
                                     ",maxcpus=" + std::to_string(boot_.maxVcpus),
                                 "-chardev",
                                 "socket,id=chrtpm,path=" + path("tpm.sock"),
                                 "-tpmdev",
                                 "emulator,id=tpm0,chardev=chrtpm",
                                 "-device",
                                 "tpm-crb,tpmdev=tpm0",
                                 "-device",
                                 "virtio-net-pci,romfile=",
                                 "-serial",
                                 "file:" + path("console")};
    for (const auto& more : {firmwareArguments(), startArguments()})
        out.insert(out.end(), more.begin(), more.end());
    return out;
}

void MeasuredGuest::manufactureTpm() const
{
    std::filesystem::create_directory(scratch_ / "tpm");
    runOrThrow({"swtpm_setup", "--tpm2", "--tpmstate", "dir://" + path("tpm"), "--pcr-banks",
                "sha1,sha256,sha384,sha512"},
               scratch_.path());
}

ReportedPcrs MeasuredGuest::run() const
{
    manufactureTpm();
    Child tpm({.argv = {"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + path("tpm"), "--ctrl",
                        "type=unixio,path=" + path("tpm.sock"), "--terminate"},
               .errors = scratch_ / "swtpm.err"});
    waitUntil("swtpm listens", [&] { return std::filesystem::exists(scratch_ / "tpm.sock"); });
    Command qemu{.argv = qemuArguments(), .errors = scratch_ / "qemu.err"};
    qemu.argv.insert(qemu.argv.begin(), boot_.qemu.begin(), boot_.qemu.end());
    constexpr std::chrono::minutes kMostOfABoot{15}; // beside other work
    if (Child(qemu).wait(kMostOfABoot) != 0)
        throw std::runtime_error("QEMU failed: " + readFile(scratch_ / "qemu.err"));
    ReportedPcrs out;
    std::istringstream console(readFile(scratch_ / "console"));
    for (std::string line; std::getline(console, line);) {
        std::istringstream words(line);
        std::string pcr, bank, value;
        unsigned number = 0;
        if (words >> pcr >> bank >> number >> value && pcr == "pcr") {
            std::transform(value.begin(), value.end(), value.begin(),
                           [](unsigned char c) { return std::tolower(c); });
            out[{bank, number}] = value;
        }
    }
    if (out.size() != 4 * 24)
        throw std::runtime_error("the guest told " + std::to_string(out.size()) + " PCRs:\n" +
                                 readFile(scratch_ / "console"));
    return out;
}

} // namespace teehost::test
