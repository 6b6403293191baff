// SPDX-License-Identifier: Apache-2.0
//
// What QEMU's boards, versions and command lines say, and the table that OVMF images end with.
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/board.h>
#include <teehost/kit/byte_writer.h>
#include <teehost/kit/digest.h>
#include <teehost/kit/ovmf_table.h>
#include <teehost/kit/qemu_command_line.h>
#include <teehost/kit/qemu_version.h>

#include "refusal.h"

namespace teehost::kit::test {
namespace {

using teehost::test::expectRefusal;

constexpr Guid kOne = uefiGuid("00f771de-1a7e-4fcb-890e-68c77e2fb44e");
constexpr Guid kTwo = uefiGuid("7255371f-3a3b-4b04-927b-1da6efa8d454");
constexpr Guid kFooter = uefiGuid("96b582de-1fb2-45f7-baea-a366c55a082d");

class MachineTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MachineTest);
    CPPUNIT_TEST(readsOvmfsTableFromItsEnd);
    CPPUNIT_TEST(refusesTablesForTheCallersReasons);
    CPPUNIT_TEST(splitsMemoryByTheBoard);
    CPPUNIT_TEST(readsVersions);
    CPPUNIT_TEST(readsCommandLines);
    CPPUNIT_TEST(tellsADigestOnTheWay);
    CPPUNIT_TEST_SUITE_END();

    /// Two entries, of four bytes and of none, whose sizes are as said.
    static Bytes image(std::uint16_t first = 22, std::uint16_t second = 18, std::uint16_t all = 58)
    {
        ByteWriter out;
        out.zeros(64).u32(7).u16(first).bytes(kOne).u16(second).bytes(kTwo).u16(all).bytes(kFooter).zeros(32);
        return out.take();
    }

    void readsOvmfsTableFromItsEnd()
    {
        const Bytes file = image();
        OvmfTable table(file, {"no_footer", "bad_entry"});
        const auto two = table.next(), one = table.next();
        CPPUNIT_ASSERT(two && two->guid == kTwo && two->data.empty());
        CPPUNIT_ASSERT(one && one->guid == kOne && one->data.size() == 4 && one->data[0] == 7);
        CPPUNIT_ASSERT_EQUAL(std::size_t{64}, one->offset);
        CPPUNIT_ASSERT(!table.next());
    }

    void refusesTablesForTheCallersReasons()
    {
        const auto readAll = [](ByteView file) {
            OvmfTable table(file, {"no_footer", "bad_entry"});
            while (table.next())
                continue;
        };
        for (const Bytes& file : {image(0), image(23), image(22, 0), image(22, 17), image(22, 41),
                                  image(22, 18, 17), image(22, 18, 0xFFFF)})
            expectRefusal("bad_entry", [&] { readAll(file); });
        Bytes other = image();
        other[other.size() - 33] ^= 1;
        expectRefusal("no_footer", [&] { readAll(other); });
        expectRefusal("no_footer", [&] { readAll(ByteView(other).last(49)); });
    }

    void splitsMemoryByTheBoard()
    {
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xAFFF'FFFF}, lowMemory(Board::Q35, 0xAFFF'FFFF));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x8000'0000}, lowMemory(Board::Q35, 0xB000'0000));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xC000'0000}, lowMemory(Board::Pc, 0xE000'0000));
        CPPUNIT_ASSERT(boardOf("pc-q35-10.1") == Board::Q35 && boardOf("pc") == Board::Pc &&
                       !boardOf("microvm"));
    }

    void readsVersions()
    {
        CPPUNIT_ASSERT((QemuVersion::of("10.1.2") == QemuVersion{10, 1}));
        CPPUNIT_ASSERT(QemuVersion::of("9.2") < QemuVersion::of("10.0.0"));
        for (const char* text : {"", "10", "x.1", "10."})
            CPPUNIT_ASSERT_MESSAGE(text, !QemuVersion::of(text));
    }

    void readsCommandLines()
    {
        const std::vector<std::string_view> args{
            "-nodefaults", "--machine", "q35,hpet=off", "-machine", "smm=off,x=a,,b", "-m", "2G"};
        const QemuCommandLine line(args);
        const QemuOptions machine = line.merged("-machine", "type");
        CPPUNIT_ASSERT_EQUAL(std::string("q35"), valueOf(machine, "type"));
        CPPUNIT_ASSERT_EQUAL(std::string("a,b"), valueOf(machine, "x"));
        CPPUNIT_ASSERT(isOff(valueOf(machine, "hpet", "on")) && !isOff(valueOf(machine, "pic", "on")));
        CPPUNIT_ASSERT(line.has("-nodefaults") && !line.has("-smp"));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2} << 30, qemuMemory(line.all("-m").at(0)).value());
        CPPUNIT_ASSERT(!qemuMemory("2X") && !qemuMemory("") && !qemuMemory("99999999999T"));
    }

    void tellsADigestOnTheWay()
    {
        Sha384 hasher;
        hasher.update(viewOf("ab"));
        CPPUNIT_ASSERT(hasher.soFar() == sha384(viewOf("ab")));
        hasher.update(viewOf("c"));
        CPPUNIT_ASSERT(hasher.finish() == sha384(viewOf("abc")));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MachineTest);

} // namespace
} // namespace teehost::kit::test
