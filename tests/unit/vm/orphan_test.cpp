// SPDX-License-Identifier: Apache-2.0
#include "host/vm/orphan.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"

namespace teehost::vm {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

class OrphanTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OrphanTest);
    CPPUNIT_TEST(knowsAQemuByItsWholeName);
    CPPUNIT_TEST(takesNothingElseForAQemu);
    CPPUNIT_TEST(ownsByUuidAndDirectories);
    CPPUNIT_TEST(followsLinksOfTrustedUsersOnly);
    CPPUNIT_TEST(marksWhatNoRuleEnds);
    CPPUNIT_TEST(keepsARowAndReadsItBack);
    CPPUNIT_TEST(refusesABrokenRecord);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        directory_ = fs::temp_directory_path() / ("orphan-test-" + std::to_string(::getpid()));
        fs::create_directory(directory_);
    }
    void tearDown() override { fs::remove_all(directory_); }

private:
    [[nodiscard]] Arguments arguments(const VmId& owner, const std::string& runtime = "/run/teehost") const
    {
        return {"/usr/bin/qemu-system-x86_64",
                "-name",
                "guest=teehost-" + owner.text() + "-" + vm_.text(),
                "-uuid",
                vm_.text(),
                "-fsdev",
                "local,id=env_share_dev,path=" + runtime + "/vm/" + vm_.text() +
                    "/env,security_model=none,readonly=on"};
    }

    void knowsAQemuByItsWholeName()
    {
        const auto seen = seenQemu(7, arguments(owner_));
        CPPUNIT_ASSERT(seen && seen->pid == 7 && seen->owner == owner_ && seen->vm == vm_);
    }

    void takesNothingElseForAQemu()
    {
        const auto whole = arguments(owner_);
        for (std::size_t i = 1; i <= 4; ++i) {
            auto fewer = whole;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            CPPUNIT_ASSERT(!seenQemu(7, fewer));
        }
        const std::string name = whole[2];
        for (const auto& wrong : {name.substr(0, 22), "guest=teehost-01234567-" + vm_.text(), name + "x",
                                  name + ",debug=on", std::string("guest=teehost-"),
                                  "guest=teehost-" + owner_.text() + "-" + VmId::random().text()}) {
            auto changed = whole;
            changed[2] = wrong;
            CPPUNIT_ASSERT_MESSAGE(wrong, !seenQemu(7, changed));
        }
        CPPUNIT_ASSERT(!seenQemu(7, {}));
        CPPUNIT_ASSERT(!seenQemu(7, {"vim", whole[2]}));
    }

    void ownsByUuidAndDirectories()
    {
        const launch::HostDirs dirs{"/var/lib/teehost", "/run/teehost", "/var/log/teehost"};
        CPPUNIT_ASSERT(isOwned(*seenQemu(7, arguments(owner_)), owner_, dirs));
        // The first eight characters of two UUIDs may be the same.
        const auto near = VmId::parse(owner_.text().substr(0, 8) + "-0000-4000-8000-000000000000");
        CPPUNIT_ASSERT(!isOwned(*seenQemu(7, arguments(*near)), owner_, dirs));
        // A copy of a state directory has its UUID, and works in another run directory.
        CPPUNIT_ASSERT(!isOwned(*seenQemu(7, arguments(owner_, "/run/other")), owner_, dirs));
        CPPUNIT_ASSERT(!isOwned(*seenQemu(7, arguments(owner_, "/x,,path=/run/teehost")), owner_, dirs));
        const launch::HostDirs odd{"/s", "/run/a,b", "/l"};
        CPPUNIT_ASSERT(isOwned(*seenQemu(7, arguments(owner_, "/run/a,,b")), owner_, odd));
    }

    void followsLinksOfTrustedUsersOnly()
    {
        fs::create_directories(directory_ / "real/vm" / vm_.text() / "env");
        fs::create_directory_symlink(directory_ / "real", directory_ / "link");
        const launch::HostDirs dirs{"/s", directory_ / "real", "/l"};
        auto seen = *seenQemu(7, arguments(owner_, (directory_ / "link").string()));
        CPPUNIT_ASSERT(!isOwned(seen, owner_, dirs));
        seen.user = ::geteuid();
        CPPUNIT_ASSERT(isOwned(seen, owner_, dirs));
    }

    void marksWhatNoRuleEnds()
    {
        const LaunchRecords records(directory_);
        CPPUNIT_ASSERT(!records.isSpared(vm_));
        records.spare(vm_);
        records.spare(vm_);
        CPPUNIT_ASSERT(records.isSpared(vm_) && records.all().empty());
        std::ofstream(directory_ / "records" / (vm_.text() + ".json.a1B2c3")) << "half";
        records.removeUnfinished();
        CPPUNIT_ASSERT(records.isSpared(vm_));
        records.remove(vm_);
        CPPUNIT_ASSERT(!records.isSpared(vm_) && fs::is_empty(directory_ / "records"));
    }

    void keepsARowAndReadsItBack()
    {
        const LaunchRecords records(directory_);
        CPPUNIT_ASSERT(!records.read(vm_) && records.all().empty());
        store::VmRow row;
        row.id = vm_.text();
        row.state = "booting";
        row.port = 6100;
        row.qemu = {"boot", 4711, 99};
        row.createdUs = 12;
        row.ttlEnds = 34;
        row.body = R"({"spec":{"cmdline":"a \"b\""}})";
        records.write(row);
        const auto back = records.read(vm_);
        CPPUNIT_ASSERT(back && back->id == row.id && back->state == row.state && back->port == row.port &&
                       back->createdUs == 12 && back->ttlEnds == 34 && back->body == row.body);
        CPPUNIT_ASSERT(back->qemu && back->qemu->bootId == "boot" && back->qemu->pid == 4711 &&
                       back->qemu->startTicks == 99);
        CPPUNIT_ASSERT(records.all() == std::vector{vm_});
        records.remove(vm_);
        CPPUNIT_ASSERT(!records.read(vm_));
    }

    void refusesABrokenRecord()
    {
        const LaunchRecords records(directory_);
        fs::create_directory(directory_ / "records");
        const auto path = directory_ / "records" / (vm_.text() + ".json");
        for (const auto* text :
             {"", "{", "[]", "{}", R"({"id":"x","state":"booting","created_us":1,"body":""})",
              R"({"id":1,"state":2,"created_us":"1","body":{}})"}) {
            std::ofstream(path, std::ios::trunc) << text;
            CPPUNIT_ASSERT_THROW_MESSAGE(text, static_cast<void>(records.read(vm_)), Error);
        }
        fs::remove(path);
        fs::create_symlink("/etc/passwd", path);
        CPPUNIT_ASSERT_THROW(static_cast<void>(records.read(vm_)), Error);
    }

    const VmId owner_ = VmId::random(), vm_ = VmId::random();
    fs::path directory_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(OrphanTest);

} // namespace
} // namespace teehost::vm
