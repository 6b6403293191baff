// SPDX-License-Identifier: Apache-2.0
//
// The probe on hosts that exist on paper: one that is as it should be, and that one with one fault each.
#include <filesystem>
#include <functional>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"
#include "tdx_measure_factory/tdvf.h"

namespace teehost::tdx::test {

using plugin::Verdict;

class ProbeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProbeTest);
    CPPUNIT_TEST(findsAGoodHostGood);
    CPPUNIT_TEST(findsEachFaultOfTheHost);
    CPPUNIT_TEST(findsEachFaultOfTheSettings);
    CPPUNIT_TEST(asksTheQuoteServiceWhenItIsToBeAsked);
    CPPUNIT_TEST(reportsAllOnAMachineWithoutTdx);
    CPPUNIT_TEST(countsKeyIds);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        vm_ = plainVm();
        host_ = goodHost(scratch_);
        tdvf_ = scratch_.write("TDVF.fd", tdx_factory::TdvfBuilder().build());
    }

private:
    Configuration settings(Options options = {}) const
    {
        options.emplace("firmware", tdvf_);
        return configured(options);
    }

    void findsAGoodHostGood()
    {
        for (const auto& check : probe(settings(), host_, &vm_))
            CPPUNIT_ASSERT_MESSAGE(check.id + ": " + check.message,
                                   check.verdict == Verdict::Pass && !check.message.empty());
    }

    void findsEachFaultOfTheHost()
    {
        struct Row {
            const char* check;
            Verdict verdict;
            const char* words;
            std::function<void(HostFacts&)> change;
        };
        const auto write = [this](const char* file, const char* content) {
            return [this, file, content](HostFacts&) { scratch_.write(file, content); };
        };
        const auto remove = [this](const char* file) {
            return [this, file](HostFacts&) { std::filesystem::remove(scratch_ / file); };
        };
        const Row rows[] = {
            {"cpu.tdx", Verdict::Fail, "no flag tdx_host_platform",
             write("proc/cpuinfo", "flags\t\t: fpu tdx_guest\n")},
            {"cpu.tdx", Verdict::Fail, "no flag tdx_host_platform", remove("proc/cpuinfo")},
            {"kernel.kvm_intel", Verdict::Fail, "switched off",
             write("sys/module/kvm_intel/parameters/tdx", "N\n")},
            {"kernel.kvm_intel", Verdict::Fail, "not loaded", remove("sys/module/kvm_intel/parameters/tdx")},
            {"device.kvm", Verdict::Fail, "there is no", remove("dev/kvm")},
            {"kernel.kvm_vm_type", Verdict::Fail, "0x1f",
             [](HostFacts& host) {
                 host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> { return {0x1f, {}}; };
             }},
            {"kernel.kvm_vm_type", Verdict::Fail, "no answer",
             [](HostFacts& host) {
                 host.kvmVmTypes = [](const std::string&) -> Asked<std::uint32_t> {
                     return {std::nullopt, "no answer"};
                 };
             }},
            {"tdx.module", Verdict::Fail, "KVM makes no TD",
             [](HostFacts& host) { host.tdxCapabilities = otherHost().tdxCapabilities; }},
            {"tdx.keys", Verdict::Fail, "no key id", write("sys/fs/cgroup/misc.capacity", "tdx 0\n")},
            {"tdx.keys", Verdict::Warn, "does not say", remove("sys/fs/cgroup/misc.capacity")},
            {"tdx.quotes", Verdict::Warn, "cannot be reached",
             [](HostFacts& host) { host.qgs = otherHost().qgs; }},
            {"tdx.quotes", Verdict::Warn, "0xb033",
             [](HostFacts& host) {
                 host.qgs = [](const QgsAddress&, QgsLook) -> Asked<QgsPlatform> {
                     return {QgsPlatform{0xb033, 0, 0}, {}};
                 };
             }},
            {"tdx.nested", Verdict::Warn, "itself a TD", write("dev/tdx_guest", "")},
        };
        for (const Row& row : rows) {

            HostFacts host = goodHost(scratch_);
            std::filesystem::remove(scratch_ / "dev/tdx_guest");
            row.change(host);
            expectOnly(row.check, row.verdict, row.words, probe(settings(), host, &vm_));
        }
    }

    void findsEachFaultOfTheSettings()
    {
        vm_.qemuVersion = "9.2.0";
        expectOnly("qemu.tdx_guest", Verdict::Fail, "QEMU 9.2.0", probe(settings(), host_, &vm_));
        vm_.qemuVersion.clear();
        expectOnly("qemu.tdx_guest", Verdict::Warn, "not known", probe(settings(), host_, &vm_));
        expectOnly("qemu.tdx_guest", Verdict::Warn, "not known", probe(settings(), host_, nullptr));
        vm_.qemuVersion = "10.1.0";
        expectOnly("boot.firmware", Verdict::Fail, "/nonexistent",
                   probe(configured({{"firmware", "/nonexistent/OVMF.fd"}}), host_, &vm_));
        expectOnly("boot.firmware", Verdict::Fail, "tdx.firmware",
                   probe(configured({{"firmware", "/usr/share/OVMF/OVMF_CODE_4M.fd"}}), host_, &vm_));
        expectOnly("boot.firmware", Verdict::Warn, "measures into RTMRs",
                   probe(configured({{"firmware", kInstalledTdvf}}), host_, &vm_));
        expectOnly("tdx.quotes", Verdict::Warn, "none: guests get no quotes",
                   probe(settings({{"quote_generation", "none"}}), host_, &vm_));
        host_.tdxCapabilities = [](const std::string&) -> Asked<TdxCapabilities> {
            return {TdxCapabilities{attribute::kSeptVeDisable, 3}, {}};
        };
        expectOnly("tdx.module", Verdict::Fail, "0x8000000000000000",
                   probe(settings({{"attributes", "0x8000000010000000"}}), host_, &vm_));
    }

    void asksTheQuoteServiceWhenItIsToBeAsked()
    {
        std::vector<QgsLook> looks;
        host_.qgs = [&](const QgsAddress& address, QgsLook look) -> Asked<QgsPlatform> {
            CPPUNIT_ASSERT_EQUAL(std::string("vsock 2:4050"), address.toText());
            looks.push_back(look);
            return {QgsPlatform{}, {}};
        };
        static_cast<void>(probe(settings(), host_, &vm_));
        static_cast<void>(probe(settings({{"ask_quote_generation", "false"}}), host_, &vm_));
        CPPUNIT_ASSERT((looks == std::vector{QgsLook::Ask, QgsLook::Connect}));
    }

    void reportsAllOnAMachineWithoutTdx()
    {
        std::size_t failed = 0;
        for (const auto& check : probe(settings(), otherHost(), &vm_)) {
            CPPUNIT_ASSERT_MESSAGE(check.id, check.verdict == Verdict::Pass || !check.hint.empty());
            failed += check.verdict == Verdict::Fail ? 1 : 0;
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, failed); // flag, parameter, device, VM type, module
    }

    void countsKeyIds()
    {
        CPPUNIT_ASSERT(host_.keyIds() == 31u && host_.keyIdsInUse() == 4u);
        CPPUNIT_ASSERT(!otherHost().keyIds() && !otherHost().keyIdsInUse());
    }

    Scratch scratch_;
    HostFacts host_;
    plugin::VmFacts vm_;
    std::string tdvf_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProbeTest);

} // namespace teehost::tdx::test
