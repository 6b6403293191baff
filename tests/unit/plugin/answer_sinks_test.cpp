// SPDX-License-Identifier: Apache-2.0
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/answer_sinks.h"
#include "support.h"

namespace teehost::plugin::test {

namespace {

th_option_spec option(const char* key, th_type type)
{
    th_option_spec out{};
    out.struct_size = sizeof out;
    out.type = type;
    out.key = str(key);
    out.help = str("Help.");
    return out;
}

th_check check(const char* id, th_verdict verdict, const char* message)
{
    th_check out{};
    out.struct_size = sizeof out;
    out.id = str(id);
    out.verdict = verdict;
    out.message = str(message);
    return out;
}

th_register reg(const char* name, th_alg alg, const Bytes& digest)
{
    return {sizeof(th_register), alg, str(name), give(digest)};
}

} // namespace

class AnswerSinksTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AnswerSinksTest);
    CPPUNIT_TEST(readsAnOptionOfEachType);
    CPPUNIT_TEST(refusesOptionsThatCannotBeHonoured);
    CPPUNIT_TEST(keepsChecksAndReadsUnknownVerdictsAsErrors);
    CPPUNIT_TEST(refusesChecksThatWereNotDeclaredOrDoNotSayWhy);
    CPPUNIT_TEST(refusesWrongDeclarationsOfChecks);
    CPPUNIT_TEST(keepsMeasurementsAndHoldsDigestsToTheirLength);
    CPPUNIT_TEST(ordersFindingsByConfidence);
    CPPUNIT_TEST(readsCapacity);
    CPPUNIT_TEST_SUITE_END();

    void readsAnOptionOfEachType()
    {
        struct Row {
            th_type type;
            settings::OptionType ours;
            const char* default_text;
        };
        using settings::OptionType;
        static constexpr Row rows[] = {
            {TH_T_BOOL, OptionType::Bool, "true"},   {TH_T_INT, OptionType::Int, "-1"},
            {TH_T_UINT, OptionType::UInt, "1"},      {TH_T_STRING, OptionType::String, "x"},
            {TH_T_BYTES, OptionType::Bytes, "00ff"}, {TH_T_PATH, OptionType::Path, "/x"},
            {TH_T_SIZE, OptionType::Size, "2G"},     {TH_T_DURATION, OptionType::Duration, "250ms"},
            {TH_T_ENUM, OptionType::Enum, "one"},    {TH_T_LIST, OptionType::List, "a,b"},
        };
        const th_str choices[] = {str("one"), str("two")};
        const th_str env[] = {str("A_B"), str("C2")};
        for (const Row& row : rows) {
            OptionSink sink("p");
            th_option_spec raw = option("k_1", row.type);
            raw.flags = TH_OPT_HAS_DEFAULT | TH_OPT_SENSITIVE | TH_OPT_PER_VM;
            raw.default_text = str(row.default_text);
            raw.env = env;
            raw.env_count = 2;
            if (row.type == TH_T_ENUM) {
                raw.choices = choices;
                raw.choice_count = 2;
            }
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.default_text, TH_OK + 0, sink.table()->add(sink.table(), &raw));
            const auto options = sink.finish();
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), options.size());
            CPPUNIT_ASSERT_EQUAL(std::string("p.k_1"), options[0].key);
            CPPUNIT_ASSERT_EQUAL(std::string("plugin p"), options[0].section);
            CPPUNIT_ASSERT(options[0].type == row.ours);
            CPPUNIT_ASSERT(options[0].defaultText == row.default_text);
            CPPUNIT_ASSERT((options[0].env == std::vector<std::string>{"A_B", "C2"}));
            CPPUNIT_ASSERT(options[0].sensitive && options[0].perVm && !options[0].required);
        }
    }

    void refusesOptionsThatCannotBeHonoured()
    {
        const auto refused = [](th_option_spec raw, Category category, const char* words) {
            OptionSink sink("p");
            CPPUNIT_ASSERT(sink.table()->add(sink.table(), &raw) == static_cast<th_status>(category));
            expectError(category, words, [&] { (void)sink.finish(); });
        };
        refused(option("Key", TH_T_BOOL), Category::InvalidArgument, "Key");
        refused(option("", TH_T_BOOL), Category::InvalidArgument, "empty");
        refused(option("k", 77), Category::Unimplemented, "77");
        refused(option("k", TH_T_ENUM), Category::InvalidArgument, "choices");
        th_option_spec bad_default = option("k", TH_T_UINT);
        bad_default.flags = TH_OPT_HAS_DEFAULT;
        bad_default.default_text = str("many");
        refused(bad_default, Category::InvalidArgument, "default");
        th_option_spec outside = option("k", TH_T_UINT);
        outside.flags = TH_OPT_HAS_DEFAULT | TH_OPT_HAS_RANGE;
        outside.default_text = str("9");
        outside.max = 8;
        refused(outside, Category::InvalidArgument, "default");
        th_option_spec backwards = option("k", TH_T_UINT);
        backwards.flags = TH_OPT_HAS_RANGE;
        backwards.min = 2;
        backwards.max = 1;
        refused(backwards, Category::InvalidArgument, "range");
        th_option_spec bad_env = option("k", TH_T_UINT);
        const th_str env = str("lower");
        bad_env.env = &env;
        bad_env.env_count = 1;
        refused(bad_env, Category::InvalidArgument, "lower");

        OptionSink twice("p");
        const th_option_spec same = option("k", TH_T_BOOL);
        twice.table()->add(twice.table(), &same);
        CPPUNIT_ASSERT_EQUAL(TH_ALREADY_EXISTS + 0, twice.table()->add(twice.table(), &same));
    }

    void keepsChecksAndReadsUnknownVerdictsAsErrors()
    {
        const std::vector<CheckSpec> declared{{"a.b", "A"}, {"pcr.*", "PCR"}, {"form", "Form"}};
        CheckSink sink(declared);
        th_check first = check("a.b", TH_V_FAIL, "differs");
        first.expected.type = TH_T_UINT;
        first.expected.u = 7;
        first.actual.type = TH_T_STRING;
        first.actual.s = str("8");
        const th_check second = check("pcr.4", 4711, "from the future");
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->check(sink.table(), &first));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->check(sink.table(), &second));
        const th_check third = check("form", TH_V_UNFIT, "not a report");
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->check(sink.table(), &third));
        th_named claim{str("chip"), {}};
        claim.value.type = TH_T_BOOL;
        claim.value.u = 1;
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->claim(sink.table(), &claim));
        const auto reported = sink.finish();
        CPPUNIT_ASSERT(reported.checks[0].verdict == Verdict::Fail);
        CPPUNIT_ASSERT(reported.checks[0].title == "A");
        CPPUNIT_ASSERT(reported.checks[0].expected == ClaimValue(std::uint64_t{7}));
        CPPUNIT_ASSERT(reported.checks[0].actual == ClaimValue(std::string("8")));
        CPPUNIT_ASSERT(reported.checks[1].verdict == Verdict::Error && !reported.checks[1].unfit);
        CPPUNIT_ASSERT(reported.checks[2].verdict == Verdict::Error && reported.checks[2].unfit);
        CPPUNIT_ASSERT((reported.claims == std::vector<Named>{{"chip", true}}));
    }

    void refusesChecksThatWereNotDeclaredOrDoNotSayWhy()
    {
        const std::vector<CheckSpec> declared{{"a", "A"}, {"pcr.*", "PCR"}};
        struct Row {
            th_check given;
            const char* words;
        };
        const Row rows[] = {{check("b", TH_V_PASS, ""), "not declared"},
                            {check("pcr.*", TH_V_PASS, ""), "not declared"},
                            {check("", TH_V_PASS, ""), "empty"},
                            {check("a", TH_V_FAIL, ""), "does not say why"}};
        for (const Row& row : rows) {
            CheckSink sink(declared);
            CPPUNIT_ASSERT_EQUAL(TH_INVALID_ARGUMENT + 0, sink.table()->check(sink.table(), &row.given));
            expectError(Category::InvalidArgument, row.words, [&] { (void)sink.finish(); });
        }
        CheckSink odd(declared);
        th_named claim{str("k"), {}};
        claim.value.type = TH_T_DURATION;
        CPPUNIT_ASSERT_EQUAL(TH_UNIMPLEMENTED + 0, odd.table()->claim(odd.table(), &claim));
        CPPUNIT_ASSERT_EQUAL(TH_INVALID_ARGUMENT + 0, odd.table()->claim(odd.table(), nullptr));
    }

    void refusesWrongDeclarationsOfChecks()
    {
        const auto declare = [](const char* id, const char* title) {
            CheckSpecSink sink;
            const th_check_spec raw{sizeof raw, TH_CHECK_REQUIRED, str(id), str(title)};
            sink.table()->add(sink.table(), &raw);
            sink.table()->add(sink.table(), &raw);
            (void)sink.finish();
        };
        expectError(Category::InvalidArgument, "Sig", [&] { declare("Sig", "t"); });
        expectError(Category::InvalidArgument, "title", [&] { declare("sig", ""); });
        expectError(Category::InvalidArgument, "*", [&] { declare("*", "t"); });
        expectError(Category::InvalidArgument, "a.*.b", [&] { declare("a.*.b", "t"); });
        expectError(Category::AlreadyExists, "twice", [&] { declare("sig", "t"); });
    }

    void keepsMeasurementsAndHoldsDigestsToTheirLength()
    {
        const Bytes digest(48, 1);
        MeasureSink good;
        const th_register mrtd = reg("MRTD", TH_ALG_SHA384, digest);
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, good.table()->reg(good.table(), &mrtd));
        const th_measure_event event{sizeof event,  TH_ALG_SHA384, str("RTMR1"),
                                     str("kernel"), str("/k"),     give(digest)};
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, good.table()->event(good.table(), &event));
        CPPUNIT_ASSERT_EQUAL(TH_ALREADY_EXISTS + 0, good.table()->reg(good.table(), &mrtd));
        takesAlternatives(digest);

        struct Row {
            th_register given;
            Category category;
            const char* words;
        };
        const Row rows[] = {{reg("X", TH_ALG_SHA256, digest), Category::InvalidArgument, "sha256 has 32"},
                            {reg("X", 0x0012, digest), Category::Unimplemented, "18"},
                            {reg("", TH_ALG_SHA384, digest), Category::InvalidArgument, "empty"}};
        for (const Row& row : rows) {
            MeasureSink sink;
            sink.table()->reg(sink.table(), &row.given);
            expectError(row.category, row.words, [&] { (void)sink.finish(); });
        }
    }

    static void takesAlternatives(const Bytes& digest)
    {
        const Bytes other(48, 2);
        MeasureSink sink;
        for (const Bytes& one : {digest, other}) {
            const th_register rtmr = reg("RTMR1", TH_ALG_SHA384, one);
            CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->reg(sink.table(), &rtmr));
        }
        const auto registers = sink.finish().registers;
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, registers.size());
        CPPUNIT_ASSERT(registers[0].digest == digest && registers[1].digest == other);
    }

    void ordersFindingsByConfidence()
    {
        FindingSink sink;
        const auto add = [&](std::uint32_t confidence, const char* cause) {
            const th_finding raw{sizeof raw, confidence, str(cause), str("r"), str("q")};
            CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->finding(sink.table(), &raw));
        };
        add(10, "c");
        add(4000000000u, "a");
        add(10, "d");
        add(50, "b");
        std::string order;
        for (const Finding& finding : sink.finish())
            order += finding.cause + std::to_string(finding.confidence) + " ";
        CPPUNIT_ASSERT_EQUAL(std::string("a100 b50 c10 d10 "), order);
    }

    void readsCapacity()
    {
        CapacitySink sink;
        const th_capacity known{sizeof known, TH_CAPACITY_IN_USE_KNOWN, str("ASIDs"), 509, 3, 1};
        const th_capacity unknown{sizeof unknown, 0, str("keys"), 15, 99, 2};
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->resource(sink.table(), &known));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sink.table()->resource(sink.table(), &unknown));
        const auto resources = sink.finish();
        CPPUNIT_ASSERT(resources[0].inUse == 3u && resources[0].total == 509);
        CPPUNIT_ASSERT(!resources[1].inUse && resources[1].perVm == 2);

        CapacitySink free_of_charge;
        const th_capacity none{sizeof none, 0, str("keys"), 15, 0, 0};
        CPPUNIT_ASSERT_EQUAL(TH_INVALID_ARGUMENT + 0,
                             free_of_charge.table()->resource(free_of_charge.table(), &none));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AnswerSinksTest);

} // namespace teehost::plugin::test
