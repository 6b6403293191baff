// SPDX-License-Identifier: Apache-2.0
//
// The registers of whole launches: what is predicted, in which order events go in, and what is not predicted
// and why.
#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/file.h>

#include "boot_factory/boot_files.h"
#include "tdx/measure/measure_td.h"
#include "tdx_measure/support.h"
#include "tdx_measure_factory/tdvf.h"

namespace teehost::tdx::test {
namespace {

using boot_factory::KernelBuilder;
using boot_factory::VariableStoreBuilder;
using tdx_factory::TdvfBuilder;
using namespace std::literals;

kit::Sha384Digest digestOf(std::string_view text) { return kit::sha384(kit::viewOf(text)); }

std::vector<std::string> namesOf(const TdEvents& events)
{
    std::vector<std::string> out;
    for (const TdEvent& event : events)
        out.push_back(event.what);
    return out;
}

using Variables = std::vector<VariableStoreBuilder::Variable>;

class MeasureTdTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MeasureTdTest);
    CPPUNIT_TEST(predictsAllThatAFirmwareMeasures);
    CPPUNIT_TEST(followsTheProfile);
    CPPUNIT_TEST(measuresFwCfgItemsThatAreThere);
    CPPUNIT_TEST(hasCandidatesForAnUnknownFirmware);
    CPPUNIT_TEST(choosesTheOrderOfMrtd);
    CPPUNIT_TEST(saysWhyRtmr0IsNotPredicted);
    CPPUNIT_TEST(saysWhyTheBootIsNotPredicted);
    CPPUNIT_TEST(knowsAFirmwareThatMeasuresNothing);
    CPPUNIT_TEST(measuresTheVariablesOfTheStore);
    CPPUNIT_TEST(changesWhatAnInputDecides);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        inputs_ = {};
        inputs_.firmware = folder_.write("firmware", TdvfBuilder().build());
        inputs_.profile = parseFirmwareProfile("edk2-2022.11");
        inputs_.kernel = folder_.write("kernel", KernelBuilder().build());
        inputs_.initrd = folder_.write("initrd", kit::Bytes(5000, 7));
        inputs_.cmdline = "quiet";
        inputs_.qemuVersion = "10.2.0";
        inputs_.memoryBytes = 1u << 30;
        inputs_.acpi = AcpiTables{digestOf("loader"), digestOf("rsdp"), digestOf("tables"),
                                  AcpiOrigin::Computed, "QEMU"};
    }

private:
    RegisterPrediction measured(const char* name) const { return *measureTd(inputs_).find(name); }
    std::string reasonFor(const char* name) const
    {
        const auto reg = measured(name);
        CPPUNIT_ASSERT(reg.candidates.empty() && !reg.reason.empty());
        return reg.reason;
    }
    void useStore(const Variables& variables)
    {
        TdvfBuilder builder;
        builder.store.variables = variables;
        inputs_.firmware = folder_.write("firmware", builder.build());
    }
    static void expectContains(const std::string& part, const std::string& whole)
    {
        CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" is not in: " + whole, whole.find(part) != std::string::npos);
    }

    void predictsAllThatAFirmwareMeasures()
    {
        const TdMeasurement out = measureTd(inputs_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, out.registers.size());
        for (const char* name : {"MRTD", "RTMR0", "RTMR1", "RTMR2"})
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, out.find(name)->candidates.size());
        const std::vector<std::string> rtmr0{"TD HOB",
                                             "variable store (CFV)",
                                             "variable SecureBoot",
                                             "variable PK",
                                             "variable KEK",
                                             "variable db",
                                             "variable dbx",
                                             "separator",
                                             "ACPI etc/table-loader",
                                             "ACPI etc/acpi/rsdp",
                                             "ACPI etc/acpi/tables",
                                             "variable BootOrder",
                                             "variable Boot0000",
                                             "separator, ready to boot"};
        CPPUNIT_ASSERT(namesOf(out.find("RTMR0")->candidates[0].events) == rtmr0);
        for (const char* name : {"RTMR0", "RTMR1", "RTMR2"}) {
            const Candidate& one = out.find(name)->candidates[0];
            CPPUNIT_ASSERT(one.value == rtmrOf(one.events));
        }
        const TdEvents& rtmr2 = out.find("RTMR2")->candidates[0].events;
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, rtmr2.size());
        CPPUNIT_ASSERT(rtmr2[1].digest == kit::sha384(kit::Bytes(5000, 7)));
        CPPUNIT_ASSERT_EQUAL(std::string("edk2-2022.11"), out.profile);
        CPPUNIT_ASSERT(out.acpi == AcpiOrigin::Computed && !out.notPortable && !out.qemuRefuses);
        CPPUNIT_ASSERT(!out.find("RTMR3")->reason.empty());
    }

    void followsTheProfile()
    {
        const auto wide = [](std::string_view text) {
            kit::Bytes out;
            for (const char c : text) {
                out.push_back(static_cast<std::uint8_t>(c));
                out.push_back(0);
            }
            return kit::sha384(out);
        };
        const auto options = [&] { return measured("RTMR2").candidates[0].events[0].digest; };
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, measured("RTMR1").candidates[0].events.size());
        CPPUNIT_ASSERT(options() == wide("quiet initrd=initrd\0"sv));
        inputs_.profile = parseFirmwareProfile("edk2-2025.02");
        CPPUNIT_ASSERT_EQUAL(std::string("variable Boot0000"),
                             measured("RTMR0").candidates[0].events.back().what);
        const auto rtmr1 = namesOf(measured("RTMR1").candidates[0].events);
        CPPUNIT_ASSERT((
            rtmr1 == std::vector<std::string>{"kernel", "\"Calling EFI Application from Boot Option\"",
                                              "separator, ready to boot", "\"Exit Boot Services Invocation\"",
                                              "\"Exit Boot Services Returned with Success\""}));
        CPPUNIT_ASSERT(options() == wide("quiet initrd=initrd\0"sv));
        const auto before = measured("RTMR1").candidates[0].value;
        inputs_.profile = parseFirmwareProfile("edk2-2025.08");
        CPPUNIT_ASSERT(options() == wide("initrd=initrd quiet\0"sv));
        CPPUNIT_ASSERT(measured("RTMR1").candidates[0].value == before);
        expectContains("SMBIOS", reasonFor("RTMR0"));
    }

    void measuresFwCfgItemsThatAreThere()
    {
        inputs_.fwCfg = {{{"bootorder", {1}}, {"opt/somebody/else", {2}}, {"BootMenu", {3, 0}}}};
        CPPUNIT_ASSERT_EQUAL(std::size_t{14}, measured("RTMR0").candidates[0].events.size());
        inputs_.profile = parseFirmwareProfile("custom,fw-cfg=on");
        const TdEvents events = measured("RTMR0").candidates[0].events;
        CPPUNIT_ASSERT_EQUAL(std::size_t{16}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("fw_cfg BootMenu"), events[2].what);
        CPPUNIT_ASSERT_EQUAL(std::string("fw_cfg bootorder"), events[3].what);
        CPPUNIT_ASSERT(events[3].digest == kit::sha384(kit::Bytes{1}));
        // Builds of 2024 do not measure the key that is no file.
        const std::vector<Candidate> candidates = measured("RTMR0").candidates;
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, candidates.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{15}, candidates[1].events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("fw_cfg bootorder"), candidates[1].events[2].what);
        inputs_.fwCfg.reset();
        expectContains("fw_cfg items", reasonFor("RTMR0"));
    }

    void hasCandidatesForAnUnknownFirmware()
    {
        inputs_.profile.reset();
        inputs_.qemuVersion = "10.1.2";
        const TdMeasurement out = measureTd(inputs_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, out.find("MRTD")->candidates.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, out.find("RTMR1")->candidates.size()); // kernel, separator
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, out.find("RTMR2")->candidates.size());
        expectContains("firmware profile", out.find("RTMR0")->reason);
        expectContains("unknown, SHA-256 ", out.firmware);
        // Those of every profile are among them.
        for (const char* profile : {"edk2-2022.11", "edk2-2025.02", "edk2-2025.08"}) {
            inputs_.profile = parseFirmwareProfile(profile);
            for (const char* name : {"RTMR1", "RTMR2"})
                for (const Candidate& one : measured(name).candidates) {
                    const auto& all = out.find(name)->candidates;
                    CPPUNIT_ASSERT(std::any_of(all.begin(), all.end(), [&](const Candidate& other) {
                        return other.value == one.value && !other.when.empty();
                    }));
                }
        }
        inputs_.profile.reset();
        inputs_.initrd.clear();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, measured("RTMR2").candidates.size());
    }

    void choosesTheOrderOfMrtd()
    {
        const auto values = [&](MrtdChoice choice) {
            inputs_.mrtd = choice;
            const TdMeasurement out = measureTd(inputs_);
            std::vector<kit::Sha384Digest> all;
            for (const Candidate& one : out.find("MRTD")->candidates)
                all.push_back(one.value);
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, all.size() + out.commentary.size());
            for (const TdEvent& other : out.commentary)
                CPPUNIT_ASSERT(other.what.starts_with("not expected") && other.digest != all[0]);
            return all;
        };
        const auto single = values(MrtdChoice::SinglePass), two = values(MrtdChoice::TwoPass),
                   any = values(MrtdChoice::Any);
        CPPUNIT_ASSERT(any.size() == 2 && any[0] == single.at(0) && any[1] == two.at(0));
        CPPUNIT_ASSERT(mrtdChoiceNamed("two-pass") == MrtdChoice::TwoPass && !mrtdChoiceNamed("both"));
    }

    void saysWhyRtmr0IsNotPredicted()
    {
        const TdInputs good = inputs_;
        inputs_.acpi.reset();
        inputs_.noAcpi = "QEMU could not be asked";
        CPPUNIT_ASSERT_EQUAL(std::string("QEMU could not be asked"), reasonFor("RTMR0"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, measured("RTMR1").candidates.size());
        inputs_ = good;
        inputs_.otherMemoryLayout = "max-ram-below-4g moves the VM's memory";
        CPPUNIT_ASSERT_EQUAL(inputs_.otherMemoryLayout, reasonFor("RTMR0"));
        inputs_ = good;
        inputs_.profile = parseFirmwareProfile("custom,smbios=on");
        expectContains("SMBIOS", reasonFor("RTMR0"));
        inputs_ = good;
        inputs_.memoryBytes = 0x80'0000; // ends where the firmware's memory begins
        expectContains("not in the TD's memory", reasonFor("RTMR0"));
        inputs_ = good;
        useStore({{kit::uefiGuid("8be4df61-93ca-11d2-aa0d-00e098032b8c"), "BootOrder", "\1\0\0\0"s}});
        expectContains("boot options of its own", reasonFor("RTMR0"));
        TdvfBuilder none;
        none.sections.erase(none.sections.begin() + 1);
        inputs_.firmware = folder_.write("firmware", none.build());
        expectContains("no variable store", reasonFor("RTMR0"));
        none = {};
        none.sections[1].dataOffset = 0x4000; // something else
        inputs_.firmware = folder_.write("firmware", none.build());
        expectContains("variable store is not a volume", reasonFor("RTMR0"));
    }

    void saysWhyTheBootIsNotPredicted()
    {
        const TdInputs good = inputs_;
        inputs_.kernel.clear();
        expectContains("disk", reasonFor("RTMR0"));
        expectContains("disk", reasonFor("RTMR1"));
        expectContains("disk", reasonFor("RTMR2"));
        inputs_ = good;
        inputs_.cmdline = "caf\xC3\xA9";
        expectContains("beyond ASCII", reasonFor("RTMR2"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, measured("RTMR1").candidates.size());
        inputs_ = good;
        inputs_.otherMemoryLayout = "max-ram-below-4g moves the VM's memory";
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, measured("RTMR1").candidates.size());
        inputs_.qemuVersion = "8.2.2"; // which tells the kernel where its initrd is
        CPPUNIT_ASSERT_EQUAL(inputs_.otherMemoryLayout, reasonFor("RTMR1"));
        inputs_ = good;
        inputs_.kernel = inputs_.initrd; // no kernel at all
        expectContains("PE image", reasonFor("RTMR1"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, measured("MRTD").candidates.size());
        inputs_ = good;
        useStore({{kit::uefiGuid("8be4df61-93ca-11d2-aa0d-00e098032b8c"), "PK", "key"}});
        expectContains("Secure Boot enforced", reasonFor("RTMR1"));
        expectContains("Secure Boot enforced", reasonFor("RTMR2"));
        expectContains("Secure Boot enforced", reasonFor("RTMR0"));
    }

    void knowsAFirmwareThatMeasuresNothing()
    {
        inputs_.firmware = "/usr/share/ovmf/OVMF.fd";
        inputs_.profile.reset();
        if (!std::filesystem::exists(inputs_.firmware) ||
            findFirmware(kit::sha256OfFile(inputs_.firmware, "firmware")) == nullptr)
            return; // another distribution's
        const TdMeasurement out = measureTd(inputs_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, out.find("MRTD")->candidates.size());
        for (const char* name : {"RTMR0", "RTMR1", "RTMR2"})
            expectContains("TdTcg2Dxe", out.find(name)->reason);
        inputs_.profile = parseFirmwareProfile("edk2-2022.11"); // somebody knows better
        const TdMeasurement told = measureTd(inputs_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, told.find("RTMR1")->candidates.size());
        expectContains("TdTcg2Dxe", told.firmwareNote);
    }

    void measuresTheVariablesOfTheStore()
    {
        constexpr kit::Guid kGlobal = kit::uefiGuid("8be4df61-93ca-11d2-aa0d-00e098032b8c");
        constexpr kit::Guid kEnable = kit::uefiGuid("f0a30bc7-af08-4556-99c4-001009c93a44");
        const auto secureBoot = [&] { return measured("RTMR0").candidates.at(0).events.at(2).digest; };
        const auto event = [&](std::string_view data) {
            kit::Bytes out(kGlobal.begin(), kGlobal.end());
            const auto number = [&](std::uint8_t value) {
                out.push_back(value);
                out.insert(out.end(), 7, 0);
            };
            number(10);
            number(static_cast<std::uint8_t>(data.size()));
            for (const char c : "SecureBoot"sv) {
                out.push_back(static_cast<std::uint8_t>(c));
                out.push_back(0);
            }
            out.insert(out.end(), data.begin(), data.end());
            return kit::sha384(out);
        };
        CPPUNIT_ASSERT(secureBoot() == event(""));
        inputs_.profile = parseFirmwareProfile("custom,secure-boot=on");
        CPPUNIT_ASSERT(secureBoot() == event("\0"sv));
        inputs_.profile = parseFirmwareProfile("edk2-2022.11");
        useStore({{kGlobal, "PK", "key"}, {kEnable, "SecureBootEnable", "\0"s}});
        CPPUNIT_ASSERT(secureBoot() == event("\0"sv));
    }

    void changesWhatAnInputDecides()
    {
        struct Row {
            const char* input;
            std::vector<std::string> changed;
            std::function<void()> change;
        };
        const Row rows[] = {
            {"memory", {"RTMR0"}, [&] { inputs_.memoryBytes = 3u << 30; }},
            {"ACPI", {"RTMR0"}, [&] { inputs_.acpi->tables[0] ^= 1; }},
            {"kernel",
             {"RTMR1"},
             [&] { inputs_.kernel = folder_.write("other", KernelBuilder{.content = "x"}.build()); }},
            {"initrd", {"RTMR2"}, [&] { inputs_.initrd = folder_.write("other", kit::Bytes(1)); }},
            {"command line", {"RTMR2"}, [&] { inputs_.cmdline += " "; }},
            {"code",
             {"MRTD"},
             [&] { inputs_.firmware = folder_.write("other", TdvfBuilder{.fill = 1}.build()); }},
            {"QEMU", {"RTMR1"}, [&] { inputs_.qemuVersion = "8.2.2"; }},
            {"command line before", {}, [&] { inputs_.cmdline = "quiet"; }},
        };
        const TdInputs good = inputs_;
        const TdMeasurement before = measureTd(good);
        for (const Row& row : rows) {
            inputs_ = good;
            row.change();
            const TdMeasurement after = measureTd(inputs_);
            for (const char* name : {"MRTD", "RTMR0", "RTMR1", "RTMR2"}) {
                const bool same =
                    before.find(name)->candidates.at(0).value == after.find(name)->candidates.at(0).value;
                const bool expected =
                    std::find(row.changed.begin(), row.changed.end(), name) == row.changed.end();
                CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.input) + ", " + name, expected, same);
            }
        }
    }

    Folder folder_;
    TdInputs inputs_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(MeasureTdTest);

} // namespace
} // namespace teehost::tdx::test
