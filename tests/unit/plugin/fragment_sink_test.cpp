// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/fragment_sink.h"
#include "support.h"

namespace teehost::plugin::test {

namespace {

th_file file(const char* name)
{
    th_file out{};
    out.struct_size = sizeof out;
    out.name = str(name);
    return out;
}

th_sidecar sidecar(const char* name, const th_str* argv, std::size_t argc)
{
    th_sidecar out{};
    out.struct_size = sizeof out;
    out.name = str(name);
    out.argv = argv;
    out.argc = argc;
    return out;
}

const th_str kArgv[] = {{"swtpm", 5}, {"socket", 6}};
const th_kv kProps[] = {{{"a", 1}, {"1,2", 3}}, {{"b", 1}, {"", 0}}};

} // namespace

class FragmentSinkTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FragmentSinkTest);
    CPPUNIT_TEST(keepsWhatItIsGivenInOrder);
    CPPUNIT_TEST(readsFlagsOfSidecarsThatHaveThem);
    CPPUNIT_TEST(copiesBeforeItReturns);
    CPPUNIT_TEST(refusesWhatBreaksTheContract);
    CPPUNIT_TEST(refusesTheWholeFragmentEvenIfThePluginGoesOn);
    CPPUNIT_TEST(takesAtMost4096Items);
    CPPUNIT_TEST(takesTheSameMachinePropertyTwiceButNoContradiction);
    CPPUNIT_TEST_SUITE_END();

    void keepsWhatItIsGivenInOrder()
    {
        FragmentSink sink("p");
        const th_fragment_sink* t = sink.table();
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->machine(t, kProps, 2));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->memory(t, str("memory-backend-memfd"), kProps, 1));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->cpu(t, str(""), kProps, 1));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->item(t, str("device"), str("z"), str("z0"), kProps, 2));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->item_json(t, str("device"), str(R"({"driver":"y","id":"y0"})")));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->item(t, str("device"), str("x"), str(""), nullptr, 0));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->firmware(t, TH_FW_CODE, str("/code")));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->firmware(t, TH_FW_VARS, str("/vars")));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->direct_boot(t, str("/k"), str(""), str("a=1 b")));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->raw(t, kArgv, 2));
        th_file planned = file("state");
        planned.flags =
            TH_FILE_SENSITIVE | TH_FILE_KEEP | (1u << 30); // an unknown flag of a plugin is ignored
        const std::uint8_t content[] = {0, 255};
        planned.content = {content, 2};
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->file(t, &planned));
        th_sidecar planned_sidecar = sidecar("swtpm", kArgv, 2);
        planned_sidecar.ready = TH_READY_PATH_EXISTS;
        planned_sidecar.ready_path = str("/run/x");
        planned_sidecar.ready_timeout_ns = 5;
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->sidecar(t, &planned_sidecar));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->note(t, str("k"), str("v")));

        Fragment expected;
        expected.plugin = "p";
        expected.machine = {{"a", "1,2"}, {"b", ""}};
        expected.memory = MemoryBackend{"memory-backend-memfd", {{"a", "1,2"}}};
        expected.cpu = CpuModel{"", {{"a", "1,2"}}};
        expected.items = {Item{"device", "z", "z0", {{"a", "1,2"}, {"b", ""}}},
                          JsonItem{"device", R"({"driver":"y","id":"y0"})"}, Item{"device", "x", "", {}}};
        expected.firmware = {{Firmware::Kind::Code, "/code"}, {Firmware::Kind::Vars, "/vars"}};
        expected.directBoot = DirectBoot{"/k", "", "a=1 b"};
        expected.raw = {"swtpm", "socket"};
        expected.files = {{"state", "", {0, 255}, 0600, true, true, false}};
        expected.sidecars = {{"swtpm",
                              {"swtpm", "socket"},
                              {},
                              SidecarPlan::Ready::PathExists,
                              "/run/x",
                              std::chrono::nanoseconds(5),
                              std::chrono::nanoseconds(0),
                              false}};
        expected.notes = {{"k", "v"}};
        CPPUNIT_ASSERT(expected == sink.finish());
    }

    /// A plugin of 1.0 makes a shorter struct; what lies behind it is not looked at.
    void readsFlagsOfSidecarsThatHaveThem()
    {
        FragmentSink sink("p");
        const th_fragment_sink* t = sink.table();
        th_sidecar old = sidecar("old", kArgv, 2), step = sidecar("step", kArgv, 2);
        old.ready = step.ready = TH_READY_EXIT_0;
        old.flags = step.flags = TH_SIDECAR_AHEAD | (1u << 31);
        old.struct_size = offsetof(th_sidecar, flags);
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->sidecar(t, &old));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->sidecar(t, &step));
        const auto fragment = sink.finish();
        CPPUNIT_ASSERT(!fragment.sidecars.at(0).ahead);
        CPPUNIT_ASSERT(fragment.sidecars.at(1).ahead);
    }

    void copiesBeforeItReturns()
    {
        FragmentSink sink("p");
        std::string text = "original";
        sink.table()->note(sink.table(), str("k"), give(text));
        text.assign(text.size(), 'x');
        CPPUNIT_ASSERT_EQUAL(std::string("original"), sink.finish().notes[0].value);
    }

    void refusesWhatBreaksTheContract()
    {
        using Sink = const th_fragment_sink*;
        struct Row {
            const char* name;
            std::function<th_status(Sink)> give;
            th_status status;
            const char* words;
        };
        static const char kBadUtf8[] = "\xc3(";
        const std::string too_long(kMaxText + 1, 'x');
        const th_kv twice[] = {{{"a", 1}, {"1", 1}}, {{"a", 1}, {"1", 1}}};
        const th_kv comma_key[] = {{{"a,b", 3}, {"1", 1}}};
        const th_kv accel[] = {{{"accel", 5}, {"kvm", 3}}};
        const th_kv size[] = {{{"size", 4}, {"1", 1}}};
        const Row rows[] = {
            {"not UTF-8", [&](Sink t) { return t->note(t, str("k"), str(kBadUtf8)); }, TH_INVALID_ARGUMENT,
             "UTF-8"},
            {"NUL inside",
             [&](Sink t) {
                 return t->note(t, str("k"), {"a\0b", 3});
             },
             TH_INVALID_ARGUMENT, "NUL"},
            {"null with length",
             [&](Sink t) {
                 return t->note(t, str("k"), {nullptr, 3});
             },
             TH_INVALID_ARGUMENT, "null pointer"},
            {"too long", [&](Sink t) { return t->note(t, str("k"), give(too_long)); }, TH_RESOURCE_EXHAUSTED,
             "at most 65536"},
            {"note twice",
             [&](Sink t) { return t->note(t, str("k"), str("v")), t->note(t, str("k"), str("v")); },
             TH_ALREADY_EXISTS, "note \"k\""},
            {"key twice", [&](Sink t) { return t->machine(t, twice, 2); }, TH_ALREADY_EXISTS, "\"a\" twice"},
            {"comma in a key", [&](Sink t) { return t->machine(t, comma_key, 1); }, TH_INVALID_ARGUMENT,
             "a,b"},
            {"null props", [&](Sink t) { return t->machine(t, nullptr, 1); }, TH_INVALID_ARGUMENT,
             "null pointer"},
            {"the host's machine property", [&](Sink t) { return t->machine(t, accel, 1); },
             TH_INVALID_ARGUMENT, "accel"},
            {"the host's memory property", [&](Sink t) { return t->memory(t, str("m"), size, 1); },
             TH_INVALID_ARGUMENT, "size"},
            {"memory twice",
             [&](Sink t) { return t->memory(t, str("m"), nullptr, 0), t->memory(t, str("m"), nullptr, 0); },
             TH_ALREADY_EXISTS, "twice"},
            {"cpu twice",
             [&](Sink t) { return t->cpu(t, str("m"), nullptr, 0), t->cpu(t, str("m"), nullptr, 0); },
             TH_ALREADY_EXISTS, "twice"},
            {"item of another option",
             [&](Sink t) { return t->item(t, str("drive"), str("x"), {}, nullptr, 0); }, TH_INVALID_ARGUMENT,
             "drive"},
            {"item that says nothing", [&](Sink t) { return t->item(t, str("device"), {}, {}, nullptr, 0); },
             TH_INVALID_ARGUMENT, "nothing"},
            {"id with a comma",
             [&](Sink t) { return t->item(t, str("device"), str("x"), str("a,b"), nullptr, 0); },
             TH_INVALID_ARGUMENT, "a,b"},
            {"id that starts with a digit",
             [&](Sink t) { return t->item(t, str("device"), str("x"), str("0a"), nullptr, 0); },
             TH_INVALID_ARGUMENT, "0a"},
            {"id of an item and a JSON item",
             [&](Sink t) {
                 return t->item(t, str("object"), str("x"), str("o"), nullptr, 0),
                        t->item_json(t, str("object"), str(R"({"qom-type":"x","id":"o"})"));
             },
             TH_ALREADY_EXISTS, "\"o\""},
            {"JSON that is a list", [&](Sink t) { return t->item_json(t, str("object"), str("[]")); },
             TH_INVALID_ARGUMENT, "not an object"},
            {"JSON that is none", [&](Sink t) { return t->item_json(t, str("object"), str("{")); },
             TH_INVALID_ARGUMENT, "malformed JSON"},
            {"JSON for an option that takes none",
             [&](Sink t) { return t->item_json(t, str("chardev"), str("{}")); }, TH_INVALID_ARGUMENT,
             "chardev"},
            {"firmware kind", [&](Sink t) { return t->firmware(t, 99, str("/x")); }, TH_UNIMPLEMENTED, "99"},
            {"firmware twice",
             [&](Sink t) {
                 return t->firmware(t, TH_FW_BIOS, str("/x")), t->firmware(t, TH_FW_BIOS, str("/y"));
             },
             TH_ALREADY_EXISTS, "twice"},
            {"no kernel", [&](Sink t) { return t->direct_boot(t, {}, {}, {}); }, TH_INVALID_ARGUMENT,
             "kernel"},
            {"file in another directory",
             [&](Sink t) {
                 const th_file f = file("../x");
                 return t->file(t, &f);
             },
             TH_INVALID_ARGUMENT, "../x"},
            {"file ..",
             [&](Sink t) {
                 const th_file f = file("..");
                 return t->file(t, &f);
             },
             TH_INVALID_ARGUMENT, "path component"},
            {"file others may write",
             [&](Sink t) {
                 th_file f = file("x");
                 f.mode = 0666;
                 return t->file(t, &f);
             },
             TH_INVALID_ARGUMENT, "others"},
            {"setuid file",
             [&](Sink t) {
                 th_file f = file("x");
                 f.mode = 04700;
                 return t->file(t, &f);
             },
             TH_INVALID_ARGUMENT, "permissions"},
            {"file from two sources",
             [&](Sink t) {
                 th_file f = file("x");
                 const std::uint8_t byte = 1;
                 f.copy_from = str("/y");
                 f.content = {&byte, 1};
                 return t->file(t, &f);
             },
             TH_INVALID_ARGUMENT, "both"},
            {"file from a relative source",
             [&](Sink t) {
                 th_file f = file("x");
                 f.copy_from = str("y");
                 return t->file(t, &f);
             },
             TH_INVALID_ARGUMENT, "absolute"},
            {"short file",
             [&](Sink t) {
                 th_file f = file("x");
                 f.struct_size = 8;
                 return t->file(t, &f);
             },
             TH_INVALID_ARGUMENT, "struct_size 8"},
            {"null file", [&](Sink t) { return t->file(t, nullptr); }, TH_INVALID_ARGUMENT, "null"},
            {"sidecar without a program",
             [&](Sink t) {
                 const th_sidecar s = sidecar("s", nullptr, 0);
                 return t->sidecar(t, &s);
             },
             TH_INVALID_ARGUMENT, "no program"},
            {"sidecar with a path as name",
             [&](Sink t) {
                 const th_sidecar s = sidecar("a/b", kArgv, 2);
                 return t->sidecar(t, &s);
             },
             TH_INVALID_ARGUMENT, "a/b"},
            {"sidecar ready in a new way",
             [&](Sink t) {
                 th_sidecar s = sidecar("s", kArgv, 2);
                 s.ready = 17;
                 return t->sidecar(t, &s);
             },
             TH_UNIMPLEMENTED, "17"},
            {"sidecar ready at no path",
             [&](Sink t) {
                 th_sidecar s = sidecar("s", kArgv, 2);
                 s.ready = TH_READY_UNIX_CONNECT;
                 return t->sidecar(t, &s);
             },
             TH_INVALID_ARGUMENT, "ready path"},
            {"companion that is to be run ahead",
             [&](Sink t) {
                 th_sidecar s = sidecar("s", kArgv, 2);
                 s.flags = TH_SIDECAR_AHEAD;
                 return t->sidecar(t, &s);
             },
             TH_INVALID_ARGUMENT, "ahead"},
            {"sidecar with an endless timeout",
             [&](Sink t) {
                 th_sidecar s = sidecar("s", kArgv, 2);
                 s.stop_timeout_ns = ~0ull;
                 return t->sidecar(t, &s);
             },
             TH_INVALID_ARGUMENT, "out of range"},
        };
        for (const Row& row : rows) {
            FragmentSink sink("p");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, row.status, row.give(sink.table()));
            expectError(static_cast<Category>(row.status), row.words, [&] { (void)sink.finish(); });
        }
    }

    void refusesTheWholeFragmentEvenIfThePluginGoesOn()
    {
        FragmentSink sink("p");
        const th_fragment_sink* t = sink.table();
        CPPUNIT_ASSERT(t->firmware(t, 99, str("/x")) != TH_OK);
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->note(t, str("k"), str("v")));
        CPPUNIT_ASSERT(t->note(t, str("k"), str("v")) == TH_ALREADY_EXISTS);
        expectError(Category::Unimplemented, "99",
                    [&] { (void)sink.finish(); }); // the first refusal is the reason
    }

    void takesAtMost4096Items()
    {
        FragmentSink sink("p");
        const th_fragment_sink* t = sink.table();
        std::size_t taken = 0;
        for (int i = 0; i < 100000; ++i) {
            const std::string key = "k" + std::to_string(i);
            if (t->note(t, give(key), str("v")) == TH_OK)
                ++taken;
        }
        CPPUNIT_ASSERT_EQUAL(kMaxItems, taken);
        expectError(Category::ResourceExhausted, "4096 items", [&] { (void)sink.finish(); });

        FragmentSink second("p");
        t = second.table();
        const std::vector<th_kv> many(100000, th_kv{{"a", 1}, {"b", 1}});
        CPPUNIT_ASSERT_EQUAL(TH_RESOURCE_EXHAUSTED + 0, t->machine(t, many.data(), many.size()));
        CPPUNIT_ASSERT_EQUAL(TH_RESOURCE_EXHAUSTED + 0, t->raw(t, kArgv, SIZE_MAX));
    }

    void takesTheSameMachinePropertyTwiceButNoContradiction()
    {
        FragmentSink sink("p");
        const th_fragment_sink* t = sink.table();
        const th_kv same{{"vmport", 6}, {"off", 3}};
        const th_kv other{{"vmport", 6}, {"on", 2}};
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->machine(t, &same, 1));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, t->machine(t, &same, 1));
        CPPUNIT_ASSERT_EQUAL(TH_ALREADY_EXISTS + 0, t->machine(t, &other, 1));
        expectError(Category::AlreadyExists, "vmport", [&] { (void)sink.finish(); });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FragmentSinkTest);

} // namespace teehost::plugin::test
