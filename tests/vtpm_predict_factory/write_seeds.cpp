// SPDX-License-Identifier: Apache-2.0
//
// vtpm-predict-seeds CORPUS: writes the seeds of the fuzz targets vtpm_pe, vtpm_variable_store and
// vtpm_firmware_volume below tests/fuzz/corpus.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include <teehost/kit/variable_store.h>

#include "boot_factory/boot_files.h"
#include "vtpm_predict_factory/boot_files.h"

namespace {

using namespace teehost;
using namespace teehost::boot_factory;
using namespace teehost::vtpm_factory;

void write(const std::filesystem::path& path, const kit::Bytes& content)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << kit::textOf(content);
    if (!out.flush())
        throw std::runtime_error("cannot write " + path.string());
}

void writeAll(const std::filesystem::path& corpus)
{
    write(corpus / "vtpm_pe/unsigned", KernelBuilder{}.build());
    write(corpus / "vtpm_pe/signed", KernelBuilder{.signature = "a signature"}.build());
    write(corpus / "vtpm_pe/old-protocol", KernelBuilder{.protocol = 0x202}.build());
    const auto& global = kit::kGlobalVariable;
    write(corpus / "vtpm_variable_store/empty", VariableStoreBuilder{.size = 0x100}.build());
    write(corpus / "vtpm_variable_store/keys",
          VariableStoreBuilder{
              {{global, "PK", "key"}, {global, "KEK", "k", 0x3E}, {global, "BootOrder", "", 0x3C}}, 0x200}
              .build());
    write(corpus / "vtpm_firmware_volume/two", FirmwareBuilder{.peiBytes = 0x200, .dxeBytes = 0x100}.build());
    write(corpus / "vtpm_firmware_volume/three",
          FirmwareBuilder{.peiBytes = 0x80, .dxeBytes = 0x80, .volumes = 3}.build());
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: vtpm-predict-seeds CORPUS\n", stderr);
        return 2;
    }
    try {
        writeAll(argv[1]);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "vtpm-predict-seeds: %s\n", e.what());
        return 1;
    }
}
