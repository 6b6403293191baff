// SPDX-License-Identifier: Apache-2.0
//
// sev-snp-images DIRECTORY: writes what an SEV-SNP VM is launched from, for tests that need files on disk.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "snp_factory/images.h"

namespace {

void write(const std::filesystem::path& path, std::string_view content)
{
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write); // one of them is a key
    out << content;
    if (!out.flush())
        throw std::runtime_error("cannot write " + path.string());
}

} // namespace

int main(int argc, char** argv)
{
    using namespace teehost::snp_factory;
    if (argc != 2) {
        std::fputs("usage: sev-snp-images DIRECTORY\n", stderr);
        return 2;
    }
    try {
        const std::filesystem::path directory = argv[1];
        std::filesystem::create_directories(directory);
        write(directory / "ovmf.fd", teehost::kit::textOf(OvmfBuilder().build()));
        write(directory / "svsm.igvm", teehost::kit::textOf(IgvmBuilder().build()));
        write(directory / "kernel", "a kernel");
        write(directory / "id.pem", newKeyPem());
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "sev-snp-images: %s\n", e.what());
        return 1;
    }
}
