// SPDX-License-Identifier: Apache-2.0
//
// A guest that tells its PCRs: real firmware, a real kernel and a software TPM, under TCG.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/files.h"

namespace teehost::test {

/// What one boot is made of.
struct MeasuredBoot {
    std::string machine = "q35";
    std::string cpu = "EPYC";
    unsigned memoryMiB = 512;
    std::string memoryRoom = ""; ///< ",slots=5,maxmem=30G"
    unsigned vcpus = 1, maxVcpus = 1;
    std::filesystem::path folder = "/usr/share/OVMF"; ///< of the two:
    std::string firmware = "OVMF_CODE_4M.fd";
    std::string vars = "OVMF_VARS_4M.fd"; ///< empty: the firmware is one flat image, and given with -bios
    std::string kernel;                   ///< contents
    std::string initrd;
    std::string cmdline;
    std::string disk = {};                               ///< an EFI program; starts instead of a kernel
    std::vector<std::string> qemu{"qemu-system-x86_64"}; ///< the program, and what it needs to start
};

/// Hexadecimal, by bank and number: {"sha256", 4}.
using ReportedPcrs = std::map<std::pair<std::string, unsigned>, std::string>;

/// The kernel of the reference guest image.
[[nodiscard]] std::string referenceKernel();
/// An initramfs whose /init prints the PCRs, with a file that holds `note`.
[[nodiscard]] std::string printingInitrd(const std::string& note);
/// What makes the kernel start quickly under TCG.
[[nodiscard]] std::string quickCmdline();

/// One boot: its files, and its QEMU command line.
class MeasuredGuest {
public:
    explicit MeasuredGuest(const MeasuredBoot& boot);

    [[nodiscard]] std::string path(std::string_view name) const { return (scratch_ / name).string(); }
    [[nodiscard]] std::string firmware() const { return (boot_.folder / boot_.firmware).string(); }
    /// Empty when the firmware has none.
    [[nodiscard]] std::string varsSource() const
    {
        return boot_.vars.empty() ? "" : (boot_.folder / boot_.vars).string();
    }
    [[nodiscard]] const MeasuredBoot& boot() const noexcept { return boot_; }
    /// Without the program's name.
    [[nodiscard]] std::vector<std::string> qemuArguments() const;

    /// Boots it and waits for its end.
    [[nodiscard]] ReportedPcrs run() const;

private:
    void manufactureTpm() const;
    [[nodiscard]] std::vector<std::string> firmwareArguments() const;
    [[nodiscard]] std::vector<std::string> startArguments() const;

    MeasuredBoot boot_;
    ScratchDir scratch_;
};

} // namespace teehost::test
