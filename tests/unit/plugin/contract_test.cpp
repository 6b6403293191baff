// SPDX-License-Identifier: Apache-2.0
//
// Plugins that break the contract, as C tables in this program: each is refused with a sentence that says
// why.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/contract.h"
#include "support.h"

namespace teehost::plugin::test {

namespace {

/// A backend and attester that keeps the contract, for each test to break. Static: an entry function has no
/// context.
struct Fake {
    static th_plugin plugin;
    static th_options_v1 options;
    static th_probe_v1 probe;
    static th_compose_v1 compose;
    static th_measure_v1 measure;
    static th_verify_v1 verify;
    static bool offerProbe, offerCompose, offerMeasure, offerVerify;
    static std::uint32_t major;
    static th_status entryStatus;
    static bool givePlugin;

    static const void* interface(const char* id) noexcept
    {
        const std::string_view name(id);
        if (name == TH_OPTIONS_V1)
            return &options;
        if (name == TH_PROBE_V1 && offerProbe)
            return &probe;
        if (name == TH_COMPOSE_V1 && offerCompose)
            return &compose;
        if (name == TH_MEASURE_V1 && offerMeasure)
            return &measure;
        if (name == TH_VERIFY_V1 && offerVerify)
            return &verify;
        return nullptr;
    }
    static th_status entry(const th_offer*, th_answer* answer) noexcept
    {
        answer->major = major;
        answer->minor = 7;
        answer->plugin = givePlugin ? &plugin : nullptr;
        return entryStatus;
    }
    static th_status nothing(const th_option_sink*) noexcept { return TH_OK; }
    static th_status oneCheck(const th_check_spec_sink* sink) noexcept
    {
        const th_check_spec spec{sizeof spec, TH_CHECK_REQUIRED, str("a"), str("A")};
        return sink->add(sink, &spec);
    }
    static void reset()
    {
        plugin = {
            sizeof(th_plugin),
            TH_ROLE_BACKEND | TH_ROLE_ATTESTER | TH_PLUGIN_CONFIDENTIAL |
                (1u << 31), // a flag from the future
            str("fake"),
            str("1.0.0"),
            str("v"),
            str("Apache-2.0"),
            str("s"),
            str("SELECT_FAKE"),
            [](const th_call*, const th_host*, th_instance**) noexcept -> th_status { return TH_INTERNAL; },
            [](th_instance*) noexcept {},
            interface};
        options = {sizeof options, 0, nothing};
        probe = {sizeof probe, 0, oneCheck,
                 [](th_instance*, const th_call*, const th_probe_request*,
                    const th_check_sink*) noexcept -> th_status { return TH_OK; }};
        compose = {sizeof compose, 0,
                   [](th_instance*, const th_call*, const th_vm_spec*,
                      const th_fragment_sink*) noexcept -> th_status { return TH_OK; }};
        measure = {sizeof measure, 0,
                   [](th_instance*, const th_call*, const th_measure_request*,
                      const th_measure_sink*) noexcept -> th_status { return TH_OK; }};
        verify = {sizeof verify,
                  0,
                  oneCheck,
                  [](const th_blob*) noexcept -> std::int32_t { return 0; },
                  [](th_instance*, const th_call*, const th_blob*,
                     const th_claim_sink*) noexcept -> th_status { return TH_OK; },
                  [](th_instance*, const th_call*, const th_verify_request*,
                     const th_check_sink*) noexcept -> th_status { return TH_OK; }};
        offerProbe = offerCompose = offerMeasure = offerVerify = givePlugin = true;
        major = TH_ABI_MAJOR;
        entryStatus = TH_OK;
    }
};

th_plugin Fake::plugin;
th_options_v1 Fake::options;
th_probe_v1 Fake::probe;
th_compose_v1 Fake::compose;
th_measure_v1 Fake::measure;
th_verify_v1 Fake::verify;
bool Fake::offerProbe, Fake::offerCompose, Fake::offerMeasure, Fake::offerVerify, Fake::givePlugin;
std::uint32_t Fake::major;
th_status Fake::entryStatus;

} // namespace

class ContractTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ContractTest);
    CPPUNIT_TEST(takesAPluginThatKeepsTheContract);
    CPPUNIT_TEST(takesAPluginOfALaterMinorVersion);
    CPPUNIT_TEST(refusesWhatBreaksTheContract);
    CPPUNIT_TEST(leavesOutAnOptionalTableWithAHole);
    CPPUNIT_TEST(needsMeasureOfConfidentialBackendsOnly);
    CPPUNIT_TEST(saysWhenThePluginFailsToBeCreated);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { Fake::reset(); }

private:
    std::unique_ptr<Contract> negotiated()
    {
        return negotiate(Fake::entry, "/x/fake.so", FileDigest([] { return std::string("abcd"); }),
                         kept_.log);
    }

    void takesAPluginThatKeepsTheContract()
    {
        const auto contract = negotiated();
        const PluginInfo& info = contract->info;
        CPPUNIT_ASSERT_EQUAL(std::string("fake"), info.id);
        CPPUNIT_ASSERT_EQUAL(std::string("1.0.0"), info.version);
        CPPUNIT_ASSERT_EQUAL(std::string("SELECT_FAKE"), info.selectEnv);
        CPPUNIT_ASSERT_EQUAL(std::string("/x/fake.so"), info.path);
        CPPUNIT_ASSERT_EQUAL(std::string("abcd"), info.sha256.hex());
        CPPUNIT_ASSERT_EQUAL(7u, info.abiMinor);
        CPPUNIT_ASSERT(info.backend && info.attester && info.confidential && !info.needsKvm && !info.serial);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), contract->probeChecks.size());
        CPPUNIT_ASSERT(contract->diagnose == nullptr && contract->capacity == nullptr);
    }

    void takesAPluginOfALaterMinorVersion()
    {
        Fake::plugin.struct_size += 64; // members that we do not know
        Fake::compose.struct_size += 8;
        Fake::verify.struct_size += 16;
        CPPUNIT_ASSERT(negotiated()->compose == &Fake::compose);
    }

    void refusesWhatBreaksTheContract()
    {
        struct Row {
            void (*damage)();
            const char* words;
        };
        static const Row rows[] = {
            {[] { Fake::entryStatus = TH_UNIMPLEMENTED; }, "does not speak version 1"},
            {[] { Fake::entryStatus = TH_INTERNAL; }, "INTERNAL"},
            {[] { Fake::major = 2; }, "chose version 2"},
            {[] { Fake::major = 0; }, "chose version 0"},
            {[] { Fake::givePlugin = false; }, "gave no plugin"},
            {[] { Fake::plugin.struct_size = 8; }, "struct_size 8"},
            {[] { Fake::plugin.id = str("Fake"); }, "id \"Fake\""},
            {[] { Fake::plugin.id = str(""); }, "id \"\""},
            {[] { Fake::plugin.id = str("a-name-that-is-longer-than-32-chars"); }, "is not [a-z]"},
            {[] { Fake::plugin.id = str("../x"); }, "is not [a-z]"},
            {[] {
                 Fake::plugin.version = {nullptr, 5};
             },
             "its version is a null pointer"},
            {[] { Fake::plugin.version = str(""); }, "its version is empty"},
            {[] { Fake::plugin.vendor = str("\xff"); }, "its vendor is not UTF-8"},
            {[] { Fake::plugin.create = nullptr; }, "no create, destroy or get_interface"},
            {[] { Fake::plugin.destroy = nullptr; }, "no create, destroy or get_interface"},
            {[] { Fake::plugin.get_interface = nullptr; }, "no create, destroy or get_interface"},
            {[] { Fake::plugin.flags = 0; }, "no role"},
            {[] { Fake::plugin.flags = TH_PLUGIN_CONFIDENTIAL; }, "no role"},
            {[] { Fake::offerCompose = false; }, "does not offer teehost.compose/1"},
            {[] { Fake::offerMeasure = false; }, "does not offer teehost.measure/1"},
            {[] { Fake::offerVerify = false; }, "does not offer teehost.verify/1"},
            {[] { Fake::compose.compose = nullptr; }, "teehost.compose/1 has a null function"},
            {[] { Fake::verify.recognise = nullptr; }, "teehost.verify/1 has a null function"},
            {[] { Fake::verify.struct_size = 16; }, "teehost.verify/1 has struct_size 16"},
            {[] {
                 Fake::options.describe = [](const th_option_sink*) noexcept -> th_status {
                     return TH_INTERNAL;
                 };
             },
             "cannot describe its options"},
            {[] {
                 Fake::options.describe = [](const th_option_sink* sink) noexcept -> th_status {
                     for (int i = 0; i < 100000; ++i)
                         (void)sink->add(sink, nullptr);
                     return TH_OK;
                 };
             },
             "option is a null pointer"},
            {[] {
                 Fake::probe.describe = [](const th_check_spec_sink* sink) noexcept -> th_status {
                     const th_check_spec spec{8, 0, str("a"), str("A")};
                     (void)sink->add(sink, &spec);
                     return TH_OK; // passes over the refusal
                 };
             },
             "struct_size 8"},
        };
        for (const Row& row : rows) {
            Fake::reset();
            row.damage();
            try {
                (void)negotiated();
                CPPUNIT_FAIL(std::string("taken; expected: ") + row.words);
            } catch (const Error& e) {
                CPPUNIT_ASSERT_MESSAGE(e.what(), std::string(e.what()).find(row.words) != std::string::npos);
            }
        }
    }

    void leavesOutAnOptionalTableWithAHole()
    {
        Fake::probe.run = nullptr;
        CPPUNIT_ASSERT(negotiated()->probe == nullptr);
        CPPUNIT_ASSERT(kept_.contains("teehost.probe/1 has a null function"));
    }

    void needsMeasureOfConfidentialBackendsOnly()
    {
        Fake::offerMeasure = false;
        Fake::plugin.flags = TH_ROLE_BACKEND;
        CPPUNIT_ASSERT(negotiated()->measure == nullptr);
        Fake::plugin.flags = TH_ROLE_ATTESTER | TH_PLUGIN_CONFIDENTIAL;
        CPPUNIT_ASSERT(negotiated()->measure == nullptr);
        Fake::offerCompose = false; // nor does an attester have to compose
        CPPUNIT_ASSERT(negotiated()->compose == nullptr);
    }

    void saysWhenThePluginFailsToBeCreated()
    {
        expectError(Category::Internal, "plugin fake failed to create its instance with INTERNAL",
                    [&] { (void)take(Fake::entry, kept_.log); });
        Fake::plugin.create = [](const th_call*, const th_host*, th_instance**) noexcept -> th_status {
            return TH_OK;
        };
        expectError(Category::Internal, "gives none", [&] { (void)take(Fake::entry, kept_.log); });
        Fake::plugin.create = [](const th_call*, const th_host*, th_instance**) noexcept -> th_status {
            return -5;
        };
        expectError(Category::Unknown, "UNKNOWN", [&] { (void)take(Fake::entry, kept_.log); });
    }

    KeptLog kept_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ContractTest);

} // namespace teehost::plugin::test
