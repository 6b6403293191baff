// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/tcb_evaluation.h"
#include "tdx_quote/scene.h"

namespace teehost::tdx::test {
namespace {

using enum TcbStatus;

class TcbTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TcbTest);
    CPPUNIT_TEST(findsTheFirstLevelThatIsReached);
    CPPUNIT_TEST(ratesModulesByVersion);
    CPPUNIT_TEST(saysWhichComponentIsTooLow);
    CPPUNIT_TEST(sortsLevels);
    CPPUNIT_TEST(convergesStatuses);
    CPPUNIT_TEST(collectsAdvisoriesAndTheOldestDate);
    CPPUNIT_TEST(advisesToRelaunch);
    CPPUNIT_TEST(ratesTheModuleThatRunsNow);
    CPPUNIT_TEST_SUITE_END();

    static TcbVerdict verdictOf(const Scene& scene)
    {
        const Verified verified = scene.verify();
        CPPUNIT_ASSERT(verified.tcb);
        return *verified.tcb;
    }
    static void setSvn(Scene& scene, const Bytes& svn)
    {
        scene.quoteTerms.body = [svn](Bytes& body) { std::copy(svn.begin(), svn.end(), body.begin()); };
    }
    static std::string nameOfStatus(TcbStatus status) { return std::string(nameOf(status)); }

    void findsTheFirstLevelThatIsReached()
    {
        struct Row {
            Svns components;
            std::uint16_t pceSvn;
            Bytes tee;
            const char* reason;
            TcbStatus platform;
        };
        const Svns best{5, 5, 2, 2, 4, 1, 0, 5};
        const Row rows[] = {
            {best, 13, {6, 1, 6}, "", UpToDate},
            {{9, 9, 9, 9, 9, 9, 9, 9, 9}, 99, {6, 1, 9}, "", UpToDate}, // above what is demanded
            {{5, 4, 2, 2, 4, 1, 0, 5}, 13, {6, 1, 6}, "", OutOfDate},   // one component decides
            {best, 12, {6, 1, 6}, "", OutOfDate},                       // so does the PCE
            {best, 13, {6, 1, 5}, "", OutOfDate},                       // and a TDX component
            {{3, 9, 9, 9, 9, 9, 9, 9}, 13, {6, 1, 6}, "TCB_NOT_SUPPORTED", Revoked},
            {best, 4, {6, 1, 6}, "TCB_NOT_SUPPORTED", Revoked},
            {best, 13, {6, 1, 4}, "TCB_NOT_SUPPORTED", Revoked},
            // The module's own components do not count with its platform since it has a version ...
            {best, 13, {2, 1, 6}, "", UpToDate},
            // ... and do before.
            {best, 13, {5, 0, 6}, "", UpToDate},
            {best, 13, {4, 0, 6}, "", OutOfDate},
            {best, 13, {2, 0, 6}, "TCB_NOT_SUPPORTED", Revoked}};
        for (const Row& row : rows) {
            Scene scene;
            Platform platform;
            platform.components = row.components;
            platform.pceSvn = row.pceSvn;
            scene.usePlatform(platform);
            setSvn(scene, row.tee);
            const std::string what = kit::toHex(row.components) + " " + kit::toHex(row.tee);
            expectReason(row.reason, scene, what);
            if (*row.reason == '\0')
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, nameOfStatus(row.platform),
                                             nameOfStatus(verdictOf(scene).platform.status));
        }
    }

    void ratesModulesByVersion()
    {
        struct Row {
            Bytes tee;
            const char* reason;
            std::optional<TcbStatus> module;
        };
        const Row rows[] = {{{6, 1, 6}, "", UpToDate},
                            {{7, 1, 6}, "", UpToDate},
                            {{5, 1, 6}, "", OutOfDate},
                            {{3, 1, 6}, "", Revoked},
                            {{1, 1, 6}, "TCB_NOT_SUPPORTED", {}},
                            {{3, 3, 6}, "", UpToDate},
                            {{2, 3, 6}, "TCB_NOT_SUPPORTED", {}},
                            {{6, 2, 6}, "TDX_MODULE_MISMATCH", {}},
                            {{6, 0x11, 6}, "TDX_MODULE_MISMATCH", {}},
                            {{5, 0, 6}, "", {}}};
        for (const Row& row : rows) {
            Scene scene;
            setSvn(scene, row.tee);
            expectReason(row.reason, scene, kit::toHex(row.tee));
            if (*row.reason != '\0')
                continue;
            const auto verdict = verdictOf(scene);
            CPPUNIT_ASSERT_EQUAL(row.module.has_value(), verdict.module.has_value());
            if (row.module)
                CPPUNIT_ASSERT_EQUAL(nameOfStatus(*row.module), nameOfStatus(verdict.module->status));
        }
        const auto withBody = [](const char* reason, std::size_t at, std::uint8_t version) {
            Scene scene;
            scene.quoteTerms.body = [=](Bytes& body) {
                body[1] = version;
                body[at] = 1;
            };
            expectReason(reason, scene, std::to_string(at));
        };
        for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{1}}) {
            withBody("MRSIGNERSEAM", field::kMrSignerSeam, version);
            withBody("MRSIGNERSEAM", field::kMrSignerSeam + 47, version);
            withBody("SEAM_ATTR", field::kSeamAttributes, version);
            withBody("SEAM_ATTR", field::kSeamAttributes + 7, version);
        }
        Scene masked; // zero is demanded whatever the mask leaves out
        masked.info["tdxModuleIdentities"][1]["attributesMask"] = "0000000000000000";
        masked.quoteTerms.body = [](Bytes& body) { body[field::kSeamAttributes] = 1; };
        expectReason("SEAM_ATTR", masked, "mask");
    }

    void saysWhichComponentIsTooLow()
    {
        Scene scene;
        Platform old;
        old.components[7] = 3;
        scene.usePlatform(old);
        const auto* failure = [&] {
            static Verified verified;
            verified = scene.verify();
            return kit::firstObjection(verified.lines);
        }();
        CPPUNIT_ASSERT(failure != nullptr);
        CPPUNIT_ASSERT_EQUAL(
            std::string("the platform reaches none of the 3 TCB levels of its kind: SGX component 7 "
                        "is 3 where 5 is demanded"),
            failure->message);
    }

    void sortsLevels()
    {
        Scene scene;
        auto& levels = scene.info["tcbLevels"];
        levels = Json::array({levels[2], levels[1], levels[0]});
        auto& module = scene.info["tdxModuleIdentities"][1]["tcbLevels"];
        module = Json::array({module[2], module[0], module[1]});
        auto& qe = scene.identity["tcbLevels"];
        qe = Json::array({qe[1], qe[0]});
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(UpToDate), nameOfStatus(verdictOf(scene).status));
    }

    void convergesStatuses()
    {
        const auto status = [](TcbStatus platform, std::vector<TcbStatus> components) {
            std::vector<TcbRating> ratings;
            for (const TcbStatus one : components)
                ratings.push_back({one, 0, {}});
            std::vector<const TcbRating*> pointers;
            for (const TcbRating& one : ratings)
                pointers.push_back(&one);
            return nameOfStatus(converge({platform, 0, {}}, pointers).status);
        };
        struct Row {
            TcbStatus platform, withOutOfDate;
        };
        for (const Row& row :
             {Row{UpToDate, OutOfDate}, Row{SwHardeningNeeded, OutOfDate},
              Row{ConfigurationNeeded, OutOfDateConfigurationNeeded},
              Row{ConfigurationAndSwHardeningNeeded, OutOfDateConfigurationNeeded}, Row{OutOfDate, OutOfDate},
              Row{OutOfDateConfigurationNeeded, OutOfDateConfigurationNeeded}, Row{Revoked, Revoked}}) {
            const std::string its = nameOfStatus(row.platform);
            CPPUNIT_ASSERT_EQUAL(its, status(row.platform, {}));
            CPPUNIT_ASSERT_EQUAL(its, status(row.platform, {UpToDate, UpToDate}));
            CPPUNIT_ASSERT_EQUAL(nameOfStatus(row.withOutOfDate),
                                 status(row.platform, {UpToDate, OutOfDate}));
            CPPUNIT_ASSERT_EQUAL(nameOfStatus(row.withOutOfDate), status(row.platform, {OutOfDate}));
            CPPUNIT_ASSERT_EQUAL(nameOfStatus(Revoked), status(row.platform, {OutOfDate, Revoked}));
            CPPUNIT_ASSERT_EQUAL(nameOfStatus(Revoked), status(row.platform, {Revoked, UpToDate}));
        }
    }

    void collectsAdvisoriesAndTheOldestDate()
    {
        const TcbRating platform{OutOfDate, 300, {"A", "B"}}, qe{UpToDate, 100, {"C", "A"}},
            module{OutOfDate, 200, {"D", "C"}};
        const TcbRating all = converge(platform, {&qe, &module});
        CPPUNIT_ASSERT(all.advisories == std::vector<std::string>({"A", "B", "C", "D"}));
        CPPUNIT_ASSERT_EQUAL(kit::UnixSeconds{100}, all.date);
        Scene scene; // an old module and an old enclave on a platform that is not
        setSvn(scene, {4, 1, 6});
        scene.quoteTerms.qeReport = [](Bytes& report) { report[258] = 2; };
        const auto verdict = verdictOf(scene);
        CPPUNIT_ASSERT(verdict.launch.advisories ==
                       std::vector<std::string>({"INTEL-SA-00960", "INTEL-SA-01036"}));
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(OutOfDate), nameOfStatus(verdict.status));
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(UpToDate), nameOfStatus(verdict.platform.status));
        CPPUNIT_ASSERT_EQUAL(std::string("2023-08-09T00:00:00Z"), kit::timeText(verdict.launch.date));
    }

    void advisesToRelaunch()
    {
        struct Row {
            TcbStatus launch, current, result;
        };
        for (const Row& row :
             {Row{UpToDate, UpToDate, UpToDate}, Row{UpToDate, OutOfDate, UpToDate},
              Row{OutOfDate, OutOfDate, OutOfDate}, Row{OutOfDate, Revoked, Revoked},
              Row{UpToDate, Revoked, Revoked}, Row{OutOfDate, UpToDate, TdRelaunchAdvised},
              Row{OutOfDate, SwHardeningNeeded, TdRelaunchAdvised},
              Row{OutOfDate, ConfigurationNeeded, TdRelaunchAdvisedConfigurationNeeded},
              Row{OutOfDate, ConfigurationAndSwHardeningNeeded, TdRelaunchAdvisedConfigurationNeeded},
              Row{OutOfDateConfigurationNeeded, UpToDate, TdRelaunchAdvisedConfigurationNeeded},
              Row{OutOfDateConfigurationNeeded, OutOfDateConfigurationNeeded, OutOfDateConfigurationNeeded},
              Row{Revoked, UpToDate, Revoked}, Row{SwHardeningNeeded, UpToDate, SwHardeningNeeded}})
            CPPUNIT_ASSERT_EQUAL(nameOfStatus(row.result),
                                 nameOfStatus(afterUpdate(row.launch, row.current)));
    }

    void ratesTheModuleThatRunsNow()
    {
        const auto scene = [](const Bytes& launch, const Bytes& current) {
            Scene out;
            out.quoteTerms.version = 5;
            out.quoteTerms.bodyType = 3;
            out.quoteTerms.body = [=](Bytes& body) {
                std::copy(launch.begin(), launch.end(), body.begin());
                std::copy(current.begin(), current.end(), body.begin() + field::kTeeTcbSvn2);
            };
            return out;
        };
        const auto updated = verdictOf(scene({4, 1, 6}, {6, 1, 6}));
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(TdRelaunchAdvised), nameOfStatus(updated.status));
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(OutOfDate), nameOfStatus(updated.launch.status));
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(UpToDate), nameOfStatus(updated.current->status));
        const auto same = verdictOf(scene({4, 1, 6}, {5, 1, 6}));
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(OutOfDate), nameOfStatus(same.status));
        const auto another = verdictOf(scene({4, 1, 6}, {3, 3, 6})); // of another major version
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(TdRelaunchAdvised), nameOfStatus(another.status));
        expectReason("TDX_MODULE_MISMATCH", scene({6, 1, 6}, {6, 2, 6}), "unknown module");
        expectReason("TCB_NOT_SUPPORTED", scene({6, 1, 6}, {6, 1, 4}), "no level");
        CPPUNIT_ASSERT(!scene({6, 1, 6}, {6, 1, 4}).verify().tcb);
        Scene old; // an enclave that is out of date stays so
        old = scene({4, 1, 6}, {6, 1, 6});
        old.quoteTerms.qeReport = [](Bytes& report) { report[258] = 2; };
        CPPUNIT_ASSERT_EQUAL(nameOfStatus(OutOfDate), nameOfStatus(verdictOf(old).status));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TcbTest);

} // namespace
} // namespace teehost::tdx::test
