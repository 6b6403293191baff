// SPDX-License-Identifier: Apache-2.0
#include "boot_factory/boot_files.h"

#include <algorithm>

#include "boot_factory/writer.h"

namespace teehost::boot_factory {
namespace {

void put(kit::Bytes& out, std::size_t at, std::uint64_t value, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i)
        out[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

} // namespace

kit::Bytes volume(const kit::Guid& guid, std::size_t size, kit::ByteView content, std::uint8_t fill)
{
    Writer out;
    out.padTo(16, 0).add(guid).number(size, 8).add(kit::viewOf("_FVH")).number(0x4FEFF, 4);
    out.number(kVolumeHeader, 2).padTo(kVolumeHeader, 0).add(content).padTo(size, fill);
    return out.take();
}

kit::Bytes VariableStoreBuilder::build() const
{
    Writer store;
    store.add(kit::uefiGuid("aaf32c78-947b-439a-a180-2e144ec37792")).number(size - kVolumeHeader, 4);
    store.number(0x5A, 1).number(0xFE, 1).number(0, 6);
    for (const Variable& variable : variables) {
        store.number(0x55AA, 2).number(variable.state, 1).number(0, 1).number(0x7, 4).number(0, 8 + 16 + 4);
        store.number(2 * (variable.name.size() + 1), 4).number(variable.data.size(), 4).add(variable.vendor);
        for (const char c : variable.name)
            store.number(static_cast<std::uint8_t>(c), 2);
        store.number(0, 2).add(kit::viewOf(variable.data)).align(4, 0xFF);
    }
    return volume(kit::uefiGuid("fff12b8d-7696-4c8b-a985-2747075b4f50"), size, store.take(), 0xFF);
}

kit::Bytes KernelBuilder::build() const
{
    constexpr std::size_t kPe = 0x40, kOptional = kPe + 24, kHeaders = 0x400, kSetup = 0x200;
    constexpr std::size_t kOptionalBytes = 112 + 6 * 8;
    kit::Bytes out(kHeaders + kSetup, 0);
    const std::size_t contentBytes = (content.size() + 511) / 512 * 512;
    out.insert(out.end(), content.begin(), content.end());
    out.resize(kHeaders + kSetup + contentBytes, 0);
    put(out, 0, 0x5A4D, 2);
    put(out, 0x3C, kPe, 4);
    put(out, kPe, 0x4550, 4);
    put(out, kPe + 6, 2, 2); // sections
    put(out, kPe + 20, kOptionalBytes, 2);
    put(out, kOptional, 0x20B, 2);
    put(out, kOptional + 60, kHeaders, 4);
    put(out, kOptional + 108, 6, 4); // data directories
    put(out, kOptional + 144, signature.empty() ? 0 : out.size(), 4);
    put(out, kOptional + 148, signature.size(), 4);
    const auto addSection = [&](std::size_t index, std::size_t offset, std::size_t size) {
        put(out, kOptional + kOptionalBytes + 40 * index + 16, size, 4);
        put(out, kOptional + kOptionalBytes + 40 * index + 20, offset, 4);
    };
    addSection(0, kHeaders + kSetup, contentBytes); // not in the order of the file, which is what counts
    addSection(1, kHeaders, kSetup);
    put(out, 0x202, 0x5372'6448, 4); // "HdrS", over what no PE loader reads
    put(out, 0x206, protocol, 2);
    put(out, 0x211, 1, 1);
    put(out, 0x22C, initrdMax, 4);
    put(out, 0x236, extendedFlags, 2);
    if (!version.empty()) {
        put(out, 0x20E, kHeaders - 0x200, 2);
        std::copy(version.begin(), version.end(), out.begin() + kHeaders);
    }
    out.insert(out.end(), signature.begin(), signature.end());
    return out;
}

} // namespace teehost::boot_factory
