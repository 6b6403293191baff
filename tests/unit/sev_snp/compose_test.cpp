// SPDX-License-Identifier: Apache-2.0
//
// What QEMU is given, held against what its versions say they take.
#include <algorithm>
#include <array>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host_data.h"
#include "snp_factory/images.h"
#include "support.h"

namespace teehost::sev_snp::test {
namespace {

enum class Type { Uint32, Uint64, Bool, Base64, Path };

/// A property of QEMU's schema (qapi/qom.json), and the first version that has it.
struct SchemaProperty {
    std::string_view object, name;
    Type type;
    std::string_view since;
    std::size_t decodedBytes = 0; ///< of Base64
};
constexpr std::array kSchema{
    SchemaProperty{"sev-snp-guest", "cbitpos", Type::Uint32, "9.1"},
    SchemaProperty{"sev-snp-guest", "reduced-phys-bits", Type::Uint32, "9.1"},
    SchemaProperty{"sev-snp-guest", "kernel-hashes", Type::Bool, "9.1"},
    SchemaProperty{"sev-snp-guest", "policy", Type::Uint64, "9.1"},
    SchemaProperty{"sev-snp-guest", "id-block", Type::Base64, "9.1", 96},
    SchemaProperty{"sev-snp-guest", "id-auth", Type::Base64, "9.1", 4096},
    SchemaProperty{"sev-snp-guest", "author-key-enabled", Type::Bool, "9.1"},
    SchemaProperty{"sev-snp-guest", "vcek-disabled", Type::Bool, "9.1"},
    SchemaProperty{"sev-snp-guest", "host-data", Type::Base64, "9.1", 32},
    SchemaProperty{"igvm-cfg", "file", Type::Path, "10.1"},
};

/// "9.1" before "10.1".
std::pair<int, int> versionOf(std::string_view text)
{
    const std::string copy(text);
    return {std::stoi(copy), std::stoi(copy.substr(copy.find('.') + 1))};
}

bool isNumberUpTo(const std::string& text, std::uint64_t most)
{
    std::size_t used = 0;
    return std::stoull(text, &used, 0) <= most && used == text.size();
}

bool hasType(const SchemaProperty& property, const std::string& value)
{
    switch (property.type) {
    case Type::Uint32:
        return isNumberUpTo(value, UINT32_MAX);
    case Type::Uint64:
        return isNumberUpTo(value, UINT64_MAX);
    case Type::Bool:
        return value == "on" || value == "off";
    case Type::Base64: {
        const auto bytes = kit::fromBase64(value);
        return bytes && bytes->size() == property.decodedBytes;
    }
    case Type::Path:
        return value.starts_with('/');
    }
    return false;
}

/// Each property that is given exists in this version, with that type.
void expectTakenBy(const std::string& version, const plugin::Fragment& fragment)
{
    for (const auto& any : fragment.items) {
        const auto& item = std::get<plugin::Item>(any);
        for (const auto& given : item.properties) {
            const auto* known = std::find_if(kSchema.begin(), kSchema.end(), [&](const auto& p) {
                return p.object == item.driver && p.name == given.key;
            });
            const std::string what =
                "QEMU " + version + ", " + item.driver + ", " + given.key + "=" + given.value;
            CPPUNIT_ASSERT_MESSAGE(what, known != kSchema.end());
            CPPUNIT_ASSERT_MESSAGE(what, versionOf(known->since) <= versionOf(version));
            CPPUNIT_ASSERT_MESSAGE(what, hasType(*known, given.value));
        }
    }
}

} // namespace

class ComposeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ComposeTest);
    CPPUNIT_TEST(bootsOvmfThroughBios);
    CPPUNIT_TEST(bootsAnIgvmFile);
    CPPUNIT_TEST(prefersTheIgvmFileOfTheVm);
    CPPUNIT_TEST(fallsBackToFirmwareAtTheDefaultPlaceOnly);
    CPPUNIT_TEST(measuresAKernelThatOvmfBoots);
    CPPUNIT_TEST(passesAKernelBesideAnIgvmFile);
    CPPUNIT_TEST(givesQemuWhatItsVersionKnows);
    CPPUNIT_TEST(givesWhatIsNotTheDefaultOnly);
    CPPUNIT_TEST(asksTheCpuForAuto);
    CPPUNIT_TEST(bindsTheDataThatCountsMost);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        ovmf_ = scratch_.write("OVMF.fd", OvmfBuilder().build());
        igvm_ = scratch_.write("svsm.igvm", IgvmBuilder().build());
        kernel_ = scratch_.write("bzImage", "kernel");
        initrd_ = scratch_.write("initrd", "initrd");
        host_ = milanHost(scratch_);
    }

private:
    plugin::VmFacts ovmfVm() const
    {
        plugin::VmFacts vm = plainVm();
        vm.firmwareCode = ovmf_;
        vm.firmwareVars = "/run/teehost/vm/x/vars.fd";
        return vm;
    }
    plugin::VmFacts kernelVm() const
    {
        plugin::VmFacts vm = ovmfVm();
        vm.kernel = kernel_;
        vm.initrd = initrd_;
        vm.cmdline = "console=ttyS0 a=b,c";
        return vm;
    }
    plugin::Fragment run(const Options& options, const plugin::VmFacts& vm) const
    {
        return compose(configured(options), host_, vm);
    }

    void bootsOvmfThroughBios()
    {
        const auto fragment = run({}, ovmfVm());
        CPPUNIT_ASSERT(
            (machineOf(fragment) == Pairs{{"confidential-guest-support", "sev0"}, {"vmport", "off"}}));
        CPPUNIT_ASSERT((fragment.memory == plugin::MemoryBackend{"memory-backend-memfd",
                                                                 {{"share", "on"}, {"prealloc", "off"}}}));
        // Neither half of flash, and not the variable store either.
        CPPUNIT_ASSERT(
            (fragment.firmware == std::vector<plugin::Firmware>{{plugin::Firmware::Kind::Bios, ovmf_}}));
        CPPUNIT_ASSERT((propertiesOf(fragment, "sev-snp-guest") ==
                        Pairs{{"cbitpos", "51"}, {"reduced-phys-bits", "1"}, {"policy", "0x30000"}}));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), fragment.items.size());
        CPPUNIT_ASSERT(!fragment.directBoot && fragment.raw.empty() && !fragment.cpu);
        auto notes = notesOf(fragment);
        CPPUNIT_ASSERT_EQUAL(ovmf_, notes["sev-snp.firmware"]);
        CPPUNIT_ASSERT_EQUAL(std::string("sev0"), notes["sev-snp.objects"]);
        CPPUNIT_ASSERT_EQUAL(std::size_t(96), notes["sev-snp.launch_digest"].size());
    }

    void bootsAnIgvmFile()
    {
        const auto fragment = run({{"igvm_file", igvm_}, {"igvm_id", "igvm7"}, {"id", "snp7"}}, ovmfVm());
        CPPUNIT_ASSERT(
            (machineOf(fragment) ==
             Pairs{{"confidential-guest-support", "snp7"}, {"vmport", "off"}, {"igvm-cfg", "igvm7"}}));
        CPPUNIT_ASSERT((propertiesOf(fragment, "igvm-cfg") == Pairs{{"file", igvm_}}));
        // The file's policy counts; QEMU would not look at another.
        CPPUNIT_ASSERT((propertiesOf(fragment, "sev-snp-guest") ==
                        Pairs{{"cbitpos", "51"}, {"reduced-phys-bits", "1"}}));
        CPPUNIT_ASSERT(
            (fragment.firmware == std::vector<plugin::Firmware>{{plugin::Firmware::Kind::Igvm, igvm_}}));
        // A file that leaves the policy open gets the configured one.
        IgvmBuilder open;
        open.policy.reset();
        const auto other = scratch_.write("open.igvm", open.build());
        CPPUNIT_ASSERT_EQUAL(std::string("0xb0000"),
                             propertiesOf(run({{"igvm_file", other}, {"policy", "0xb0000"}}, ovmfVm()),
                                          "sev-snp-guest")["policy"]);
    }

    void prefersTheIgvmFileOfTheVm()
    {
        plugin::VmFacts vm = ovmfVm();
        vm.igvm = igvm_;
        const auto fragment = run({{"igvm_file", "/elsewhere.igvm"}}, vm);
        CPPUNIT_ASSERT_EQUAL(igvm_, propertiesOf(fragment, "igvm-cfg")["file"]);
    }

    void fallsBackToFirmwareAtTheDefaultPlaceOnly()
    {
        CPPUNIT_ASSERT_EQUAL(ovmf_, run({{"igvm_file", ""}}, ovmfVm()).firmware.at(0).path);
        if (!std::filesystem::exists(kDefaultIgvmFile)) // on a host that has one it would boot, and rightly
            CPPUNIT_ASSERT_EQUAL(ovmf_, run({}, ovmfVm()).firmware.at(0).path);
        expectRefusal("cannot open IGVM file \"/no/such.igvm\"", "sev-snp.igvm_file", [&] {
            run({{"igvm_file", "/no/such.igvm"}}, ovmfVm());
        });
    }

    void measuresAKernelThatOvmfBoots()
    {
        const auto fragment = run({}, kernelVm());
        CPPUNIT_ASSERT_EQUAL(std::string("on"), propertiesOf(fragment, "sev-snp-guest")["kernel-hashes"]);
        CPPUNIT_ASSERT((fragment.directBoot == plugin::DirectBoot{kernel_, initrd_, "console=ttyS0 a=b,c"}));
        CPPUNIT_ASSERT_EQUAL(std::string("measured into the launch digest"),
                             notesOf(fragment)["sev-snp.kernel"]);
        // On request it is not measured, and the record says so.
        const auto unmeasured =
            run({{"kernel_hashes", "false"}, {"allow_unmeasured_kernel", "true"}}, kernelVm());
        CPPUNIT_ASSERT(propertiesOf(unmeasured, "sev-snp-guest").count("kernel-hashes") == 0);
        CPPUNIT_ASSERT(notesOf(unmeasured)["sev-snp.kernel"].find("bound by nothing") != std::string::npos);
    }

    void passesAKernelBesideAnIgvmFile()
    {
        plugin::VmFacts vm = kernelVm();
        vm.configDigest.assign(32, 7);
        const auto fragment = run({{"igvm_file", igvm_}}, vm);
        CPPUNIT_ASSERT(fragment.directBoot.has_value());
        CPPUNIT_ASSERT(propertiesOf(fragment, "sev-snp-guest").count("kernel-hashes") == 0);
        CPPUNIT_ASSERT(notesOf(fragment)["sev-snp.kernel"].find("host data") != std::string::npos);
    }

    void givesQemuWhatItsVersionKnows()
    {
        const std::string idKey = scratch_.write("id.pem", newKeyPem(), 0600);
        const std::string authorKey = scratch_.write("author.pem", newKeyPem(), 0600);
        const Options everything{
            {"vcek_disabled", "true"},    {"id_key", idKey},
            {"author_key", authorKey},    {"policy", "0x30000"},
            {"enable_host_data", "true"}, {"host_data", kit::toBase64(kit::Bytes(32, 1))}};
        for (const std::string version : {"9.1.0", "9.2.1", "10.0.3", "10.1.0"}) {
            plugin::VmFacts vm = kernelVm();
            vm.qemuVersion = version;
            expectTakenBy(version, run({}, vm));
            const auto fragment = run(everything, vm);
            expectTakenBy(version, fragment);
            CPPUNIT_ASSERT_EQUAL(std::size_t(9), propertiesOf(fragment, "sev-snp-guest").size());
        }
        plugin::VmFacts vm = kernelVm();
        Options igvm = everything;
        igvm["igvm_file"] = igvm_;
        expectTakenBy(vm.qemuVersion, run(igvm, vm));
    }

    void givesWhatIsNotTheDefaultOnly()
    {
        auto properties = propertiesOf(run({{"vcek_disabled", "true"},
                                            {"debug_swap", "true"},
                                            {"secure_tsc", "true"},
                                            {"tsc_frequency", "2400000000"},
                                            {"policy", "720896"}},
                                           ovmfVm()),
                                       "sev-snp-guest");
        CPPUNIT_ASSERT((properties == Pairs{{"cbitpos", "51"},
                                            {"reduced-phys-bits", "1"},
                                            {"policy", "0xb0000"},
                                            {"vcek-disabled", "on"},
                                            {"debug-swap", "on"},
                                            {"secure-tsc", "on"},
                                            {"tsc-frequency", "2400000000"}}));
    }

    void asksTheCpuForAuto()
    {
        const Options options{{"cbitpos", "auto"}, {"reduced_phys_bits", "auto"}};
        auto properties = propertiesOf(run(options, ovmfVm()), "sev-snp-guest");
        CPPUNIT_ASSERT_EQUAL(std::string("51"), properties["cbitpos"]);
        CPPUNIT_ASSERT_EQUAL(std::string("5"), properties["reduced-phys-bits"]);
        expectRefusal("no memory encryption", "sev-snp.cbitpos",
                      [&] { compose(configured(options), otherHost(), ovmfVm()); });
    }

    void bindsTheDataThatCountsMost()
    {
        const kit::Bytes request(32, 1), configured32(32, 2), digest(32, 3);
        const Options configuredData{{"enable_host_data", "true"},
                                     {"host_data", kit::toBase64(configured32)}};
        const kit::Bytes odd{1, 2, 3};
        struct Row {
            const char* name;
            kit::Bytes request;
            Options options;
            kit::Bytes configDigest;
            std::string expected; ///< base64; empty: none
        };
        const Row rows[] = {
            {"nothing", {}, {}, {}, ""},
            {"digest", {}, {}, digest, kit::toBase64(digest)},
            {"digest, not wanted", {}, {{"bind_configuration", "false"}}, digest, ""},
            {"digest of another length", {}, {}, kit::Bytes(31, 3), ""},
            {"configured", {}, configuredData, digest, kit::toBase64(configured32)},
            {"configured, switched off", {}, {{"host_data", kit::toBase64(configured32)}}, {}, ""},
            {"request", request, configuredData, digest, kit::toBase64(request)},
            {"request of another length", odd, configuredData, digest, kit::toBase64(kit::sha256(odd))},
        };
        for (const Row& row : rows) {
            plugin::VmFacts vm = ovmfVm();
            vm.hostData = row.request;
            vm.configDigest = row.configDigest;
            const auto fragment = run(row.options, vm);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, row.expected,
                                         propertiesOf(fragment, "sev-snp-guest")["host-data"]);
            auto notes = notesOf(fragment);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, row.expected.empty(),
                                         notes["sev-snp.host_data_is"].empty());
        }
    }

    Scratch scratch_;
    std::string ovmf_, igvm_, kernel_, initrd_;
    HostFacts host_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ComposeTest);

} // namespace teehost::sev_snp::test
