// SPDX-License-Identifier: Apache-2.0
//
// Tests of the facts that the installed QEMU tells about the machines it would make.
#include <algorithm>
#include <chrono>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "host/launch/fw_cfg.h"

namespace teehost::launch {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kMachine{
    "-nodefaults", "-no-user-config", "-machine", "q35,smm=off,pic=off,hpet=off", "-m", "2048M", "-smp", "1"};
const std::vector<std::string> kAcpi{"etc/table-loader", "etc/acpi/rsdp", "etc/acpi/tables"};

plugin::FwCfgRequest requestOf(std::vector<std::string> args, std::vector<std::string> names)
{
    plugin::FwCfgRequest request;
    request.qemuArgs = std::move(args);
    request.names = std::move(names);
    return request;
}

bool has(const std::vector<std::uint8_t>& content, std::string_view signature)
{
    return std::search(content.begin(), content.end(), signature.begin(), signature.end()) != content.end();
}

} // namespace

class FwCfgTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FwCfgTest);
    CPPUNIT_TEST(readsTheTablesOfAMachine);
    CPPUNIT_TEST(leavesOutWhatThereIsNot);
    CPPUNIT_TEST(tellsMachinesApart);
    CPPUNIT_TEST(saysWhyQemuRefuses);
    CPPUNIT_TEST(keepsTheDeadline);
    CPPUNIT_TEST_SUITE_END();

    QemuMachines machines_{"qemu-system-x86_64"};

    std::vector<std::uint8_t> tablesOf(const std::vector<std::string>& args)
    {
        const auto files = machines_.fwCfg(requestOf(args, {"etc/acpi/tables"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, files.size());
        return files.front().content;
    }

    void readsTheTablesOfAMachine()
    {
        const auto files = machines_.fwCfg(requestOf(kMachine, kAcpi));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, files.size());
        for (std::size_t i = 0; i < files.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(kAcpi[i], files[i].name);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4096}, files[0].content.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{20}, files[1].content.size());
        CPPUNIT_ASSERT(has(files[1].content, "RSD PTR "));
        CPPUNIT_ASSERT_EQUAL(std::size_t{131072}, files[2].content.size());
        for (const char* table : {"FACS", "DSDT", "FACP", "APIC", "MCFG", "RSDT"})
            CPPUNIT_ASSERT_MESSAGE(table, has(files[2].content, table));
        CPPUNIT_ASSERT(!has(files[2].content, "HPET"));
    }

    void leavesOutWhatThereIsNot()
    {
        const auto files = machines_.fwCfg(requestOf(kMachine, {"opt/nothing", "etc/e820"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, files.size());
        CPPUNIT_ASSERT_EQUAL(std::string("etc/e820"), files[0].name);
        CPPUNIT_ASSERT(!files[0].content.empty());
    }

    void tellsMachinesApart()
    {
        const auto one = tablesOf(kMachine);
        auto other = kMachine;
        other.insert(other.end(), {"-device", "virtio-rng-pci"});
        CPPUNIT_ASSERT(one != tablesOf(other));
        CPPUNIT_ASSERT(one == tablesOf(kMachine)); // as remembered
        CPPUNIT_ASSERT(one ==
                       QemuMachines("qemu-system-x86_64").fwCfg(requestOf(kMachine, kAcpi)).at(2).content);
    }

    void expectError(Category category, std::string_view words, const plugin::FwCfgRequest& request)
    {
        try {
            static_cast<void>(machines_.fwCfg(request));
        } catch (const Error& error) {
            CPPUNIT_ASSERT_MESSAGE(error.what(), error.category() == category);
            CPPUNIT_ASSERT_MESSAGE(error.what(),
                                   std::string_view(error.what()).find(words) != std::string_view::npos);
            return;
        }
        CPPUNIT_FAIL("nothing was refused");
    }

    void saysWhyQemuRefuses()
    {
        expectError(Category::FailedPrecondition, "no-such-device",
                    requestOf({"-machine", "q35", "-device", "no-such-device"}, kAcpi));
    }

    void keepsTheDeadline()
    {
        auto request = requestOf(kMachine, {"etc/system-states"});
        request.deadline = std::chrono::steady_clock::now() - 1s;
        expectError(Category::DeadlineExceeded, "in time", request);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FwCfgTest);

} // namespace teehost::launch
