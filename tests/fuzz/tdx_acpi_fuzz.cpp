// SPDX-License-Identifier: Apache-2.0
//
// ACPI tables are refused, or lie in the file one after the other, and what the firmware is to do with them
// changes no byte outside of them. Input: the file.
#include "tdx/measure/acpi_blob.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::tdx;

namespace {

constexpr std::size_t kCommand = 128, kName = 56;

/// Every place that a command of the loader writes to lies in the file it names.
void writesInside(const kit::Bytes& loader, std::size_t tables)
{
    fuzz::require(loader.size() % 4096 == 0, "the loader is pages");
    for (std::size_t at = 0; at < loader.size(); at += kCommand) {
        kit::Reader in(kit::ByteView(loader).subspan(at, kCommand), "command");
        const std::uint32_t number = in.u32();
        const kit::ByteView name = in.bytes(kName);
        const std::size_t size = kit::textOf(name).starts_with("etc/acpi/rsdp") ? 20 : tables;
        if (number == 2) {
            in.skip(kName);
            const std::size_t offset = in.u32();
            fuzz::require(offset + in.u8() <= size, "a pointer lies in its file");
        } else if (number == 3) {
            const std::size_t result = in.u32(), begin = in.u32(), length = in.u32();
            fuzz::require(begin + length <= size && result >= begin && result < begin + length,
                          "a checksum lies in what it is of");
        } else {
            fuzz::require(number <= 1, "there are three commands");
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const kit::ByteView blob(data, size);
    const auto tables = fuzz::unlessInputError([&] { return listAcpiTables(blob); });
    if (!tables)
        return 0;
    std::size_t end = 0;
    for (const AcpiTable& table : *tables) {
        fuzz::require(table.offset == end && table.length >= 36, "tables follow each other");
        end = table.offset + std::size_t{table.length};
        fuzz::requirePrintable(table.signature, "a signature can be shown");
    }
    fuzz::require(end <= size, "tables lie in the file");
    if (const auto loader = fuzz::unlessInputError([&] { return deriveLoader(blob); }))
        writesInside(*loader, size);
    if (const auto rsdp = fuzz::unlessInputError([&] { return deriveRsdp(blob); }))
        fuzz::require(rsdp->size() == 20, "the RSDP is one of revision 0");
    return 0;
}
