// SPDX-License-Identifier: Apache-2.0
//
// An EFI program that holds kernel, initrd and command line behind systemd's stub (a "unified kernel image"):
// what a disk boots. Made with binutils and, to sign it, sbsign.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace teehost::test {

class BootProgram {
public:
    /// `root` has the unpacked packages systemd-boot-efi and sbsigntool; nothing without them.
    [[nodiscard]] static std::optional<BootProgram> find(const std::filesystem::path& root);

    /// Takes and returns contents of files.
    [[nodiscard]] std::string make(const std::string& kernel, const std::string& initrd,
                                   const std::string& cmdline) const;
    /// `key` is the path of Debian's throw-away key without its endings .key and .pem.
    [[nodiscard]] std::string sign(const std::string& program, const std::filesystem::path& key) const;

private:
    std::filesystem::path stub_, sbsign_;
};

} // namespace teehost::test
