// SPDX-License-Identifier: Apache-2.0
//
// What QEMU's acpi_build (hw/i386/acpi-build.c) has the firmware do with the tables it made, in its order.
#include <algorithm>
#include <array>
#include <map>

#include <teehost/kit/byte_writer.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/reader.h>

#include "tdx/measure/acpi_blob.h"

namespace teehost::tdx {
namespace {

constexpr std::string_view kTables = "etc/acpi/tables", kRsdp = "etc/acpi/rsdp";
constexpr std::uint32_t kRsdpBytes = 20, kRsdpChecksum = 8, kRsdpPointer = 16;
constexpr std::uint32_t kChecksum = 9, kFirstRsdtEntry = 36; // within a table
constexpr std::uint32_t kRsdpAlign = 16, kTablesAlign = 64;
constexpr std::size_t kCommand = 128, kName = 56, kLoaderAlign = 4096;

// bios_linker_loader_alloc_zone
enum class Zone : std::uint8_t { High = 1, Segment = 2 };

// FACP: FIRMWARE_CTRL, DSDT, X_DSDT.
struct FacpPointer {
    std::uint32_t offset;
    std::uint8_t size;
    std::string_view to;
};
constexpr std::array kFacpPointers{FacpPointer{36, 4, "FACS"}, FacpPointer{40, 4, "DSDT"},
                                   FacpPointer{140, 8, "DSDT"}};

// Tables for which there is nothing to do but to set their checksum.
constexpr std::array<std::string_view, 11> kPlain{"APIC", "HPET", "MCFG", "WAET", "SRAT", "SLIT",
                                                  "HMAT", "DMAR", "IVRS", "VIOT", "PPTT"};

[[noreturn]] void refuse(const std::string& why, std::size_t offset)
{
    throw kit::InputError("bad_acpi_tables", "the ACPI tables " + why, offset);
}

/// The commands of etc/table-loader.
class Commands {
public:
    void allocate(std::string_view file, std::uint32_t align, Zone zone)
    {
        start(1);
        name(file);
        out_.u32(align).u8(static_cast<std::uint8_t>(zone));
        finish();
    }
    void addPointer(std::string_view in, std::uint32_t offset, std::uint8_t size)
    {
        start(2);
        name(in);
        name(kTables);
        out_.u32(offset).u8(size);
        finish();
    }
    void addChecksum(std::string_view file, std::uint32_t result, std::uint32_t begin, std::uint32_t length)
    {
        start(3);
        name(file);
        out_.u32(result).u32(begin).u32(length);
        finish();
    }
    void addChecksum(const AcpiTable& table)
    {
        addChecksum(kTables, table.offset + kChecksum, table.offset, table.length);
    }
    kit::Bytes take()
    {
        out_.zeros((kLoaderAlign - out_.size() % kLoaderAlign) % kLoaderAlign);
        return out_.take();
    }

private:
    void start(std::uint32_t command)
    {
        begin_ = out_.size();
        out_.u32(command);
    }
    void name(std::string_view text) { out_.text(text).zeros(kName - text.size()); }
    void finish() { out_.zeros(kCommand - (out_.size() - begin_)); }

    kit::ByteWriter out_;
    std::size_t begin_ = 0;
};

class Blob {
public:
    explicit Blob(kit::ByteView blob) : blob_(blob), tables_(listAcpiTables(blob))
    {
        for (const AcpiTable& table : tables_) {
            const bool hasItsOwn = table.signature == "FACS" || table.signature == "DSDT" ||
                                   table.signature == "FACP" || table.signature == "RSDT";
            if (hasItsOwn && !named_.emplace(table.signature, &table).second)
                refuse("have two of the name " + table.signature, table.offset);
            if (!hasItsOwn && std::find(kPlain.begin(), kPlain.end(), table.signature) == kPlain.end())
                throw kit::InputError("acpi_not_derivable",
                                      "what the firmware is to do with the ACPI table " + table.signature +
                                          " is not known",
                                      table.offset);
        }
    }

    [[nodiscard]] const std::vector<AcpiTable>& tables() const noexcept { return tables_; }
    [[nodiscard]] const AcpiTable& named(std::string_view signature) const
    {
        const auto found = named_.find(signature);
        if (found == named_.end())
            refuse("lack the " + std::string(signature), blob_.size());
        return *found->second;
    }

    /// Of the blob, where a pointer of `size` bytes must lead to the beginning of a table.
    void expectPointer(std::uint32_t offset, std::uint8_t size, std::string_view to) const
    {
        kit::Reader in(blob_, "ACPI tables");
        in.skip(offset);
        const std::uint64_t target = size == sizeof(std::uint64_t) ? in.u64() : in.u32();
        const bool leads = std::any_of(tables_.begin(), tables_.end(), [&](const AcpiTable& one) {
            return one.offset == target && (to.empty() || one.signature == to);
        });
        if (!leads)
            refuse("have a pointer to " + kit::hexNumber(target) + ", where " +
                       (to.empty() ? "none" : "no " + std::string(to)) + " begins",
                   offset);
    }

private:
    kit::ByteView blob_;
    std::vector<AcpiTable> tables_;
    std::map<std::string, const AcpiTable*, std::less<>> named_;
};

void loadFacp(const Blob& blob, Commands& out)
{
    const AcpiTable& facp = blob.named("FACP");
    for (const FacpPointer& pointer : kFacpPointers) {
        if (pointer.offset + pointer.size > facp.length)
            refuse("have a FACP that is too short", facp.offset);
        blob.expectPointer(facp.offset + pointer.offset, pointer.size, pointer.to);
        out.addPointer(kTables, facp.offset + pointer.offset, pointer.size);
    }
    out.addChecksum(facp);
}

void loadRsdt(const Blob& blob, Commands& out)
{
    constexpr std::uint8_t kEntry = 4;
    const AcpiTable& rsdt = blob.named("RSDT");
    if ((rsdt.length - kFirstRsdtEntry) % kEntry != 0)
        refuse("have an RSDT with part of an entry", rsdt.offset);
    for (std::uint32_t at = kFirstRsdtEntry; at < rsdt.length; at += kEntry) {
        blob.expectPointer(rsdt.offset + at, kEntry, {});
        out.addPointer(kTables, rsdt.offset + at, kEntry);
    }
    out.addChecksum(rsdt);
}

} // namespace

kit::Bytes deriveRsdp(kit::ByteView blob)
{
    // ACPI specification, section 5.2.5.3, revision 0: signature, checksum, OEM id, revision, RSDT.
    kit::ByteWriter out;
    out.text("RSD PTR ").u8(0).text("BOCHS ").u8(0).u32(Blob(blob).named("RSDT").offset);
    return out.take();
}

kit::Bytes deriveLoader(kit::ByteView bytes)
{
    return kit::withReason("bad_acpi_tables", [&] {
        const Blob blob(bytes);
        Commands out;
        out.allocate(kRsdp, kRsdpAlign, Zone::Segment);
        out.allocate(kTables, kTablesAlign, Zone::High);
        out.addChecksum(blob.named("DSDT"));
        loadFacp(blob, out);
        for (const AcpiTable& table : blob.tables())
            if (std::find(kPlain.begin(), kPlain.end(), table.signature) != kPlain.end())
                out.addChecksum(table);
        loadRsdt(blob, out);
        out.addPointer(kRsdp, kRsdpPointer, sizeof(std::uint32_t));
        out.addChecksum(kRsdp, kRsdpChecksum, 0, kRsdpBytes);
        return out.take();
    });
}

} // namespace teehost::tdx
