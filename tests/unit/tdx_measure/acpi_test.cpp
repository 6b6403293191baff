// SPDX-License-Identifier: Apache-2.0
//
// What QEMU gives a firmware to do with its ACPI tables, derived from the tables alone.
#include <cppunit/extensions/HelperMacros.h>

#include "boot_factory/writer.h"
#include "refusal.h"
#include "tdx/measure/acpi_blob.h"
#include "tdx/measure/acpi_tables.h"
#include "tdx_measure_factory/acpi.h"

namespace teehost::tdx::test {
namespace {

using boot_factory::Writer;
using tdx_factory::AcpiBuilder;
using teehost::test::expectRefusal;

constexpr std::string_view kTables = "etc/acpi/tables", kRsdp = "etc/acpi/rsdp";

/// A command of etc/table-loader, of its number and fields.
class Command {
public:
    explicit Command(std::uint32_t number) { out_.number(number, 4); }
    Command& name(std::string_view text)
    {
        out_.add(kit::viewOf(text)).padTo(out_.size() + 56 - text.size(), 0);
        return *this;
    }
    Command& number(std::uint64_t value, std::size_t size)
    {
        out_.number(value, size);
        return *this;
    }
    kit::Bytes bytes() { return out_.padTo(128, 0).take(); }

private:
    Writer out_;
};

/// The loader of tables without and with an HPET, written down by hand: offsets are those of the builder.
kit::Bytes loaderByHand(const AcpiBuilder& tables, std::uint32_t pointers)
{
    Writer out;
    const auto checksum = [&](const char* signature, std::uint32_t length) {
        const std::uint32_t at = tables.offsetOf(signature);
        out.add(Command(3).name(kTables).number(at + 9, 4).number(at, 4).number(length, 4).bytes());
    };
    const auto pointer = [&](std::uint32_t offset, std::uint8_t size) {
        out.add(Command(2).name(kTables).name(kTables).number(offset, 4).number(size, 1).bytes());
    };
    const std::uint32_t facp = tables.offsetOf("FACP"), rsdt = tables.offsetOf("RSDT");
    out.add(Command(1).name(kRsdp).number(16, 4).number(2, 1).bytes());
    out.add(Command(1).name(kTables).number(64, 4).number(1, 1).bytes());
    checksum("DSDT", 100);
    pointer(facp + 36, 4);
    pointer(facp + 40, 4);
    pointer(facp + 140, 8);
    checksum("FACP", 244);
    checksum("APIC", 120);
    if (pointers == 5)
        checksum("HPET", 56);
    checksum("MCFG", 60);
    checksum("WAET", 40);
    for (std::uint32_t i = 0; i < pointers; ++i)
        pointer(rsdt + 36 + 4 * i, 4);
    checksum("RSDT", 36 + 4 * pointers);
    out.add(Command(2).name(kRsdp).name(kTables).number(16, 4).number(4, 1).bytes());
    out.add(Command(3).name(kRsdp).number(8, 4).number(0, 4).number(20, 4).bytes());
    return out.padTo(4096, 0).take();
}

class AcpiTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AcpiTest);
    CPPUNIT_TEST(listsTables);
    CPPUNIT_TEST(derivesTheLoader);
    CPPUNIT_TEST(derivesTheRsdp);
    CPPUNIT_TEST(fillsMoreThanOnePage);
    CPPUNIT_TEST(prefersFilesToDerivedOnes);
    CPPUNIT_TEST(refusesWhatQemuDidNotServe);
    CPPUNIT_TEST(refusesWhatItCannotDerive);
    CPPUNIT_TEST_SUITE_END();

    void listsTables()
    {
        const auto tables = listAcpiTables(AcpiBuilder().build());
        CPPUNIT_ASSERT_EQUAL(std::size_t{7}, tables.size());
        CPPUNIT_ASSERT((tables[2] == AcpiTable{"FACP", 164, 244}));
    }

    void derivesTheLoader()
    {
        const AcpiBuilder without, with = AcpiBuilder::withHpet();
        CPPUNIT_ASSERT(deriveLoader(without.build()) == loaderByHand(without, 4));
        CPPUNIT_ASSERT(deriveLoader(with.build()) == loaderByHand(with, 5));
    }

    void derivesTheRsdp()
    {
        const AcpiBuilder tables;
        Writer out;
        out.add(kit::viewOf("RSD PTR ")).number(0, 1).add(kit::viewOf("BOCHS ")).number(0, 1);
        out.number(tables.offsetOf("RSDT"), 4);
        CPPUNIT_ASSERT(out.take() == deriveRsdp(tables.build()));
    }

    void fillsMoreThanOnePage()
    {
        AcpiBuilder many;
        const AcpiBuilder::Table rsdt{"RSDT", 36 + 4 * 23};
        many.tables.pop_back();
        many.tables.insert(many.tables.end(), 19, {"SRAT", 40});
        many.tables.push_back(rsdt);
        CPPUNIT_ASSERT_EQUAL(std::size_t{8192}, deriveLoader(many.build()).size());
    }

    void prefersFilesToDerivedOnes()
    {
        const kit::Bytes tables = AcpiBuilder().build(), other(20, 1);
        const AcpiTables derived = AcpiTables::of(tables, {}, {}, AcpiOrigin::Computed, "QEMU");
        CPPUNIT_ASSERT(derived.loader == kit::sha384(deriveLoader(tables)));
        CPPUNIT_ASSERT(derived.rsdp == kit::sha384(deriveRsdp(tables)));
        const AcpiTables given = AcpiTables::of(tables, other, other, AcpiOrigin::File, "a file");
        CPPUNIT_ASSERT(given.rsdp == kit::sha384(other) && given.loader == kit::sha384(other));
        CPPUNIT_ASSERT(given.tables == derived.tables && given.origin == AcpiOrigin::File);
        // Given all three, nobody has to understand them.
        static_cast<void>(AcpiTables::of(other, other, other, AcpiOrigin::File, ""));
    }

    static void refusesChanged(std::size_t offset, std::uint8_t value)
    {
        kit::Bytes blob = AcpiBuilder().build();
        blob[offset] = value;
        expectRefusal("bad_acpi_tables", [&] { static_cast<void>(deriveLoader(blob)); });
    }

    void refusesWhatQemuDidNotServe()
    {
        refusesChanged(164 + 9, 1);   // FACP has its checksum
        refusesChanged(164 + 36, 64); // FIRMWARE_CTRL leads to the DSDT
        refusesChanged(164 + 143, 1); // X_DSDT leads far away
        refusesChanged(64 + 4, 20);   // DSDT is shorter than a header
        refusesChanged(64 + 7, 1);    // longer than all
        refusesChanged(64, 'd');      // no signature
        refusesChanged(0x1FFF, 1);    // something behind the tables
        refusesChanged(AcpiBuilder().offsetOf("RSDT") + 36, 1);
        refusesChanged(AcpiBuilder().offsetOf("RSDT") + 4, 51); // part of an entry
        for (const std::size_t size : {0u, 1u, 36u, 63u, 100u, 600u})
            expectRefusal("bad_acpi_tables", [&] {
                const kit::Bytes blob = AcpiBuilder().build();
                static_cast<void>(deriveLoader(kit::ByteView(blob).first(size)));
            });
        AcpiBuilder twice;
        twice.tables.insert(twice.tables.begin(), {"DSDT", 40});
        expectRefusal("bad_acpi_tables", [&] { static_cast<void>(deriveLoader(twice.build())); });
        AcpiBuilder small;
        small.tables[2].length = 147;
        expectRefusal("bad_acpi_tables", [&] {
            kit::Bytes blob = small.build();
            static_cast<void>(deriveLoader(blob));
        });
    }

    void refusesWhatItCannotDerive()
    {
        for (const char* signature : {"TPM2", "NFIT", "SSDT", "HEST", "OEM1"}) {
            AcpiBuilder tables;
            tables.tables[4].signature = signature;
            expectRefusal("acpi_not_derivable", [&] { static_cast<void>(deriveLoader(tables.build())); });
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AcpiTest);

} // namespace
} // namespace teehost::tdx::test
