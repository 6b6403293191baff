// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <sstream>

#include <cppunit/extensions/HelperMacros.h>

#include "cli/help.h"
#include "cli/output/base64.h"
#include "cli/output/escape.h"
#include "cli/output/json.h"
#include "cli/output/launch_timeline.h"
#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/vm_json.h"
#include "cli/output/vm_text.h"
#include "fake_host.h"

namespace teehost::cli {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

google::protobuf::Timestamp timestamp(std::int64_t seconds, std::int32_t nanos = 0)
{
    google::protobuf::Timestamp time;
    time.set_seconds(seconds);
    time.set_nanos(nanos);
    return time;
}

class OutputTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OutputTest);
    CPPUNIT_TEST(alignsColumnsAndEscapesCells);
    CPPUNIT_TEST_EXCEPTION(refusesARowOfAnotherWidth, std::logic_error);
    CPPUNIT_TEST(alignsFieldsAndIndentsTheirLines);
    CPPUNIT_TEST(tellsTimesInUtc);
    CPPUNIT_TEST(survivesAbsurdTimes);
    CPPUNIT_TEST(namesEveryState);
    CPPUNIT_TEST(describesAVm);
    CPPUNIT_TEST(writesJsonThatDrivesNoTerminal);
    CPPUNIT_TEST(givesVmsTheSameKeysAlways);
    CPPUNIT_TEST(rendersAProgressLine);
    CPPUNIT_TEST(printsALineForEachState);
    CPPUNIT_TEST(rewritesOneLineOnATerminal);
    CPPUNIT_TEST(countsEachStateOnceInATimeline);
    CPPUNIT_TEST(encodesBase64);
    CPPUNIT_TEST(wrapsHelp);
    CPPUNIT_TEST_SUITE_END();

    void alignsColumnsAndEscapesCells()
    {
        Table table({{"ID"}, {"MEMORY", Align::Right}, {"LABELS"}});
        table.add({"3f2a", "2G", "a=b"});
        table.add({"h\xC3\xA9", "1536M", ""});
        table.add({"x\x1b[2J", "1G", "two\nlines"});
        CPPUNIT_ASSERT_EQUAL("ID        MEMORY  LABELS\n"
                             "3f2a          2G  a=b\n"
                             "h\xC3\xA9         1536M  -\n"
                             "x\\x1b[2J      1G  two\\nlines\n"s,
                             table.render());
    }

    void refusesARowOfAnotherWidth() { Table({{"A"}, {"B"}}).add({"one"}); }

    void alignsFieldsAndIndentsTheirLines()
    {
        FieldList fields("  ");
        fields.add("id", "3f2a");
        fields.add("nothing", "");
        fields.add("cause", "QEMU said:\n\x1b[31mred\n");
        CPPUNIT_ASSERT_EQUAL("  id     3f2a\n  cause  QEMU said:\n         \\x1b[31mred\n"s, fields.render());
    }

    void tellsTimesInUtc()
    {
        CPPUNIT_ASSERT_EQUAL("2023-11-14T22:13:20.042Z"s, formatTime(timestamp(1'700'000'000, 42'999'999)));
        CPPUNIT_ASSERT_EQUAL("1969-12-31T23:59:59.500Z"s, formatTime(timestamp(-1, 500'000'000)));
        const std::chrono::system_clock::time_point now{1'700'000'125s};
        CPPUNIT_ASSERT_EQUAL("2m05s"s, formatAge(timestamp(1'700'000'000), now));
        CPPUNIT_ASSERT_EQUAL("0.00s"s, formatAge(timestamp(1'800'000'000), now));
    }

    void survivesAbsurdTimes()
    {
        constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
        CPPUNIT_ASSERT(!formatTime(timestamp(kMax, std::numeric_limits<std::int32_t>::max())).empty());
        CPPUNIT_ASSERT(!formatTime(timestamp(-kMax, -5)).empty());
        CPPUNIT_ASSERT(!formatAge(timestamp(-kMax), std::chrono::system_clock::now()).empty());
    }

    void namesEveryState()
    {
        for (int number = 1; v1::VmState_IsValid(number); ++number) {
            const std::string name = stateName(static_cast<v1::VmState>(number));
            CPPUNIT_ASSERT_MESSAGE("state " + std::to_string(number), !name.starts_with("state-"));
        }
        CPPUNIT_ASSERT_EQUAL("state-99"s, stateName(static_cast<v1::VmState>(99)));
    }

    void describesAVm()
    {
        v1::Vm vm = test::makeVm("3f2a", v1::VM_STATE_FAILED);
        vm.set_cause("QEMU exited: \x1b[0m");
        *vm.mutable_state_since() = timestamp(1'700'000'000);
        *vm.mutable_deadline() = timestamp(1'700'000'900);
        CPPUNIT_ASSERT_EQUAL("id        3f2a\n"
                             "state     failed, for 10.0s\n"
                             "cause     QEMU exited: \\x1b[0m\n"
                             "agent     localhost:6100\n"
                             "backend   plain-kvm (tcg)\n"
                             "vcpus     2\n"
                             "memory    1536M\n"
                             "labels    team=blue\n"
                             "created   2023-11-14T22:13:20.000Z\n"
                             "ttl ends  2023-11-14T22:28:20.000Z\n"s,
                             describeVm(vm, std::chrono::system_clock::time_point{1'700'000'010s}));
        vm.set_state(v1::VM_STATE_RUNNING);
        CPPUNIT_ASSERT(describeVm(vm, std::chrono::system_clock::time_point{1'700'000'000s})
                           .ends_with("ttl ends  2023-11-14T22:28:20.000Z, in 15m00s\n"));
    }

    void writesJsonThatDrivesNoTerminal()
    {
        std::ostringstream out;
        printJson(out, {{"cause", "\x1b[2J \xC2\x9B \xff"}}, JsonForm::OneLine);
        CPPUNIT_ASSERT_EQUAL(R"({"cause":"\u001b[2J \u009b \ufffd"})"s + "\n", out.str());
    }

    void givesVmsTheSameKeysAlways()
    {
        const Json empty = toJson(v1::Vm());
        const Json full = toJson(test::makeVm("3f2a"));
        CPPUNIT_ASSERT_EQUAL(full.size(), empty.size());
        CPPUNIT_ASSERT(empty["created"].is_null());
        CPPUNIT_ASSERT_EQUAL("unknown"s, empty["state"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL("2023-11-14T22:13:20.000Z"s, full["created"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(1536ull << 20, full["memory_bytes"].get<unsigned long long>());
        CPPUNIT_ASSERT_EQUAL("blue"s, full["labels"]["team"].get<std::string>());
    }

    void rendersAProgressLine()
    {
        CPPUNIT_ASSERT_EQUAL("   0.42s  launching  QEMU started"s,
                             renderProgressLine(420ms, v1::VM_STATE_LAUNCHING, "QEMU started", 80));
        CPPUNIT_ASSERT_EQUAL("   12.3s  booting"s,
                             renderProgressLine(12'340ms, v1::VM_STATE_BOOTING, "", 80));
        CPPUNIT_ASSERT_EQUAL("   0.00s  asking"s,
                             renderProgressLine(0ms, v1::VM_STATE_UNSPECIFIED, "asking", 80));
        CPPUNIT_ASSERT_EQUAL("   0.42s  booting    a\\n\\x1b[A"s,
                             renderProgressLine(420ms, v1::VM_STATE_BOOTING, "a\n\x1b[A", 80));
        const std::string cut = renderProgressLine(420ms, v1::VM_STATE_BOOTING, std::string(200, 'x'), 30);
        CPPUNIT_ASSERT_EQUAL(std::size_t{30}, displayWidth(cut));
    }

    void printsALineForEachState()
    {
        std::ostringstream out;
        LineProgress progress(out);
        progress.show({v1::VM_STATE_PREPARING, 10ms, ""});
        progress.show({v1::VM_STATE_LAUNCHING, 420ms, "QEMU started"});
        progress.finish();
        CPPUNIT_ASSERT_EQUAL("   0.01s  preparing\n   0.42s  launching  QEMU started\n"s, out.str());
    }

    void rewritesOneLineOnATerminal()
    {
        std::ostringstream out;
        LiveProgress progress(out, 40, [] { return 420ms; });
        progress.show({v1::VM_STATE_LAUNCHING, 400ms, std::string(200, 'x')});
        progress.finish();
        progress.show({v1::VM_STATE_BOOTING, 500ms, "too late"});
        const std::string text = out.str();
        CPPUNIT_ASSERT(text.find('\n') == std::string::npos);
        CPPUNIT_ASSERT(text.find("\r\x1b[K   0.42s  launching  xxxx") != std::string::npos);
        CPPUNIT_ASSERT(text.find(std::string(30, 'x')) == std::string::npos); // cut at 40 columns
        CPPUNIT_ASSERT(text.find("too late") == std::string::npos);
        CPPUNIT_ASSERT(text.ends_with("\r\x1b[K"));
    }

    void countsEachStateOnceInATimeline()
    {
        LaunchTimeline timeline;
        CPPUNIT_ASSERT(!timeline.current().has_value());
        CPPUNIT_ASSERT(timeline.record({v1::VM_STATE_PREPARING, 10ms, ""}));
        CPPUNIT_ASSERT(!timeline.record({v1::VM_STATE_PREPARING, 20ms, ""}));
        CPPUNIT_ASSERT(timeline.record({v1::VM_STATE_BOOTING, 500ms, ""}));
        CPPUNIT_ASSERT(timeline.record({v1::VM_STATE_PAUSED, 700ms, ""}));
        CPPUNIT_ASSERT(timeline.record({v1::VM_STATE_BOOTING, 900ms, ""}));
        CPPUNIT_ASSERT(timeline.reached(v1::VM_STATE_PAUSED));
        CPPUNIT_ASSERT(!timeline.reached(v1::VM_STATE_RUNNING));
        CPPUNIT_ASSERT_EQUAL(R"({"preparing":0.01,"booting":0.5,"paused":0.7})"s, timeline.toJson().dump());
        CPPUNIT_ASSERT_EQUAL("STATE      REACHED  LASTED\n"
                             "preparing    0.01s   0.49s\n"
                             "booting      0.50s   0.20s\n"
                             "paused       0.70s   0.20s\n"
                             "booting      0.90s       -\n"s,
                             timeline.renderTable());
    }

    void encodesBase64()
    {
        struct Row {
            std::string bytes, text;
        };
        // RFC 4648, section 10.
        const Row rows[] = {{"", ""},
                            {"f", "Zg=="},
                            {"fo", "Zm8="},
                            {"foo", "Zm9v"},
                            {"foob", "Zm9vYg=="},
                            {"fooba", "Zm9vYmE="},
                            {"foobar", "Zm9vYmFy"},
                            {"\0\xff"s, "AP8="}};
        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(row.text, toBase64(row.bytes));
        CPPUNIT_ASSERT_EQUAL(std::size_t{4} << 20, toBase64(std::string(3u << 20, 'x')).size());
    }

    void wrapsHelp()
    {
        CPPUNIT_ASSERT_EQUAL("  --force                     Do not wait\n"s,
                             helpEntry("--force", "Do not wait"));
        const std::string entry =
            helpEntry("--a-very-long-option-name VALUE", std::string(60, 'x') + " yyyyyyyyyyyyy");
        CPPUNIT_ASSERT_EQUAL("  --a-very-long-option-name VALUE\n" + std::string(30, ' ') +
                                 std::string(60, 'x') + "\n" + std::string(30, ' ') + "yyyyyyyyyyyyy\n",
                             entry);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OutputTest);

} // namespace
} // namespace teehost::cli
