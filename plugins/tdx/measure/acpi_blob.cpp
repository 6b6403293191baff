// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/acpi_blob.h"

#include <algorithm>

#include <teehost/kit/input_error.h>
#include <teehost/kit/reader.h>

namespace teehost::tdx {
namespace {

constexpr std::size_t kTableHeader = 36, kFacsBytes = 64; // ACPI specification, sections 5.2.6 and 5.2.10
constexpr std::size_t kSignature = 4;
constexpr std::size_t kMostTables = 256;

[[noreturn]] void refuse(const std::string& why, std::size_t offset)
{
    throw kit::InputError("bad_acpi_tables", "the ACPI tables " + why, offset);
}

bool isSignature(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

AcpiTable readTable(kit::Reader& in)
{
    AcpiTable table;
    table.offset = static_cast<std::uint32_t>(in.offset());
    kit::Reader head = in;
    table.signature = kit::textOf(head.bytes(kSignature));
    table.length = head.u32();
    if (!isSignature(table.signature))
        refuse("have something else between them", table.offset);
    const bool isFacs = table.signature == "FACS";
    if (table.length > in.remaining() || table.length < (isFacs ? kFacsBytes : kTableHeader))
        refuse("have a " + table.signature + " of " + std::to_string(table.length) + " bytes", table.offset);
    kit::Reader body = in.part(table.length);
    body.skip(kSignature + sizeof(std::uint32_t) + 1); // revision
    if (!isFacs && body.u8() != 0)
        refuse("have a checksum: these are not as QEMU hands them over, but as a firmware has installed them",
               table.offset);
    return table;
}

std::vector<AcpiTable> read(kit::ByteView blob)
{
    if (blob.size() > kMaxAcpiBytes)
        refuse("have more than 16 MiB", kMaxAcpiBytes);
    kit::Reader in(blob, "ACPI tables");
    std::vector<AcpiTable> out;
    while (!kit::isZero(kit::Reader(in).bytes(std::min(in.remaining(), kTableHeader)))) {
        if (out.size() == kMostTables)
            refuse("are more than any machine has", in.offset());
        out.push_back(readTable(in));
    }
    const std::size_t end = in.offset();
    if (out.empty() || !kit::isZero(in.rest()))
        refuse(out.empty() ? "are none" : "go on after zeros", end);
    return out;
}

} // namespace

std::vector<AcpiTable> listAcpiTables(kit::ByteView blob)
{
    return kit::withReason("bad_acpi_tables", [&] { return read(blob); });
}

} // namespace teehost::tdx
