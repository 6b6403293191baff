// SPDX-License-Identifier: Apache-2.0
#include "vtpm/boot_program.h"

#include "support/child.h"
#include "support/files.h"

namespace teehost::test {

std::optional<BootProgram> BootProgram::find(const std::filesystem::path& root)
{
    BootProgram out;
    out.stub_ = root / "usr/lib/systemd/boot/efi/linuxx64.efi.stub";
    out.sbsign_ = root / "usr/bin/sbsign";
    if (!std::filesystem::exists(out.stub_) || !std::filesystem::exists(out.sbsign_))
        return std::nullopt;
    return out;
}

std::string BootProgram::make(const std::string& kernel, const std::string& initrd,
                              const std::string& cmdline) const
{
    struct Section {
        const char* name;
        const char* address; ///< behind the stub's own, with room to the next
        const std::string& content;
    };
    const Section sections[] = {
        {"cmdline", "0x30000", cmdline}, {"linux", "0x2000000", kernel}, {"initrd", "0x3000000", initrd}};
    const ScratchDir scratch;
    std::vector<std::string> argv{"objcopy"};
    for (const Section& section : sections) {
        const std::string name = std::string(".") + section.name + "=";
        writeFile(scratch / section.name, section.content);
        argv.insert(argv.end(), {"--add-section", name + (scratch / section.name).string(),
                                 "--change-section-vma", name + section.address});
    }
    argv.insert(argv.end(), {stub_.string(), (scratch / "program").string()});
    runOrThrow(argv, scratch.path());
    return readFile(scratch / "program");
}

std::string BootProgram::sign(const std::string& program, const std::filesystem::path& key) const
{
    const ScratchDir scratch;
    writeFile(scratch / "program", program);
    // Its passphrase is Debian's (OVMF's README.Debian); sbsign asks for one on a terminal only.
    runOrThrow({"openssl", "pkey", "-in", key.string() + ".key", "-passin", "pass:snakeoil", "-out",
                (scratch / "key").string()},
               scratch.path());
    runOrThrow({sbsign_.string(), "--key", (scratch / "key").string(), "--cert", key.string() + ".pem",
                "--output", (scratch / "signed").string(), (scratch / "program").string()},
               scratch.path());
    return readFile(scratch / "signed");
}

} // namespace teehost::test
