// SPDX-License-Identifier: Apache-2.0
#include <teehost/kit/input_error.h>

#include "tdx/quote/checks.h"
#include "tdx_quote/scene.h"

namespace teehost::tdx::test {
namespace {

class CollateralTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CollateralTest);
    CPPUNIT_TEST(judgesSignersFirst);
    CPPUNIT_TEST(judgesEachFieldOfTcbInfo);
    CPPUNIT_TEST(judgesEachFieldOfTheQeIdentity);
    CPPUNIT_TEST(keepsTheEdgesOfTime);
    CPPUNIT_TEST(judgesCrls);
    CPPUNIT_TEST(saysWhatIsMissing);
    CPPUNIT_TEST(doesWithoutWhereToldTo);
    CPPUNIT_TEST(tellsWhenASetCounts);
    CPPUNIT_TEST_SUITE_END();

    void judgesSignersFirst()
    {
        const Key other = makeEcKey("P-256");
        const auto withSigner = [](const char* reason, auto&& change, const char* what) {
            Scene scene;
            CertificateTerms terms = hierarchy().signerTerms;
            change(terms);
            scene.signer = makeCertificate(terms);
            expectReason(reason, scene, what);
        };
        withSigner(
            "COLLATERAL_MISSING", [](auto& t) { t.subject = "Intel SGX TCB signing"; }, "name");
        withSigner(
            "CHAIN_SIG", [&](auto& t) { t.signer = other; }, "signature");
        withSigner(
            "CHAIN_SIG", [](auto& t) { t.issuer = "Intel SGX PCK Platform CA"; }, "issuer's name");
        withSigner(
            "CHAIN_SIG", [](auto& t) { t.digest = "SHA384"; }, "hash");
        withSigner(
            "TCB_INFO_SIG", [&](auto& t) { t.key = other; }, "key");
        withSigner(
            "CERT_EXPIRED", [](auto& t) { t.validity.to = kNow - 1; }, "expired");
        withSigner(
            "CERT_NOT_YET_VALID", [](auto& t) { t.validity.from = kNow + 1; }, "not yet valid");

        // A whole hierarchy of somebody else's, beside a genuine quote.
        static const Hierarchy theirs;
        const Scene scene;
        const std::vector<Bytes> foreign{
            bytesOf(signedDocument("tcbInfo", tcbInfo(), theirs.signerKey)),
            bytesOf(signedDocument("enclaveIdentity", qeIdentity(), theirs.signerKey)),
            bytesOf(pem(theirs.signer) + pem(theirs.root)), makeCrl(scene.rootCrl).der(),
            makeCrl(scene.pckCrl).der()};
        CPPUNIT_ASSERT_EQUAL(std::string("CHAIN_SIG"), scene.reason(scene.quote(), foreign));
        const Collateral alone = Collateral::of(Scene::poolOf(foreign), nullptr, scene.anchors);
        CPPUNIT_ASSERT_EQUAL(std::string("ROOT_UNTRUSTED"), std::string(alone.tcbInfo.fault->reason));
        CPPUNIT_ASSERT(!alone.tcbInfo.content); // and nothing of it was read

        // The signer of before, who has expired, beside its successor.
        CertificateTerms before = hierarchy().signerTerms;
        before.key = other;
        before.validity.to = kNow - 1;
        auto blobs = scene.blobs();
        blobs.insert(blobs.begin(), makeCertificate(before).der());
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.reason(scene.quote(), blobs));

        Scene tampered;
        auto changed = tampered.blobs();
        std::string text = tampered.tcbInfoText();
        text.replace(text.find("UpToDate"), 8, "UpTodate");
        changed[0] = bytesOf(text);
        CPPUNIT_ASSERT_EQUAL(std::string("TCB_INFO_SIG"), tampered.reason(tampered.quote(), changed));
        changed = tampered.blobs();
        text = tampered.qeIdentityText();
        text[text.size() - 5] = text[text.size() - 5] == '0' ? '1' : '0';
        changed[1] = bytesOf(text);
        CPPUNIT_ASSERT_EQUAL(std::string("QE_IDENTITY_SIG"), tampered.reason(tampered.quote(), changed));
        // What another document was signed with does not do.
        changed[1] = bytesOf(signedDocument("tcbInfo", qeIdentity(), hierarchy().signerKey));
        CPPUNIT_ASSERT_THROW(static_cast<void>(tampered.reason(tampered.quote(), changed)), kit::InputError);
    }

    struct Change {
        const char* pointer;
        Json value; ///< discarded: the member is taken away
        const char* reason;
    };
    static Json absent() { return Json(Json::value_t::discarded); }
    static void apply(Json& document, const Change& change)
    {
        const Json::json_pointer at(change.pointer);
        if (change.value.is_discarded())
            document.at(at.parent_pointer()).erase(at.back());
        else
            document[at] = change.value;
    }

    void judgesEachFieldOfTcbInfo()
    {
        Json fifteen = components({5, 5});
        fifteen.erase(15);
        Json seventeen = components({5, 5});
        seventeen.push_back({{"svn", 0}});
        constexpr const char *kFormat = "TCB_INFO_FORMAT", *kType = "TCB_INFO_TYPE";
        const Change changes[] = {
            {"/id", "SGX", kType},
            {"/id", absent(), kFormat},
            {"/version", 2, kType},
            {"/version", "3", kFormat},
            {"/tcbType", 1, kType},
            {"/tcbType", absent(), kFormat},
            {"/issueDate", "yesterday", kFormat},
            {"/issueDate", absent(), kFormat},
            {"/nextUpdate", 1, kFormat},
            {"/fmspc", "B0C06F0000", kFormat},
            {"/fmspc", "B0C06F00000X", kFormat},
            {"/fmspc", "B0C06F000001", "FMSPC"},
            {"/pceId", "00", kFormat},
            {"/pceId", "0100", "PCEID"},
            {"/tcbEvaluationDataNumber", -1, kFormat},
            {"/tcbEvaluationDataNumber", absent(), kFormat},
            {"/tdxModule", absent(), kFormat},
            {"/tdxModule/mrsigner", "00", kFormat},
            {"/tdxModule/attributes", absent(), kFormat},
            {"/tdxModuleIdentities", 1, kFormat},
            {"/tdxModuleIdentities/1/id", 1, kFormat},
            {"/tdxModuleIdentities/1/id", "TDX_02", "TDX_MODULE_MISMATCH"},
            {"/tdxModuleIdentities/1/id", "tdx_01", ""},
            {"/tdxModuleIdentities", absent(), "TDX_MODULE_MISMATCH"},
            {"/tdxModuleIdentities/1/mrsigner", std::string(96, '1'), "MRSIGNERSEAM"},
            {"/tdxModuleIdentities/1/mrsigner", "1", kFormat},
            {"/tdxModuleIdentities/1/attributes", "0100000000000000", "SEAM_ATTR"},
            {"/tdxModuleIdentities/1/attributesMask", absent(), kFormat},
            {"/tdxModuleIdentities/1/tcbLevels", Json::array(), "TCB_NOT_SUPPORTED"},
            {"/tdxModuleIdentities/1/tcbLevels/0/tcb/isvsvn", 65'536, kFormat},
            {"/tdxModuleIdentities/1/tcbLevels/0/tcb", absent(), kFormat},
            {"/tdxModuleIdentities/1/tcbLevels/0/tcbStatus", "Fine", kFormat},
            {"/tdxModuleIdentities/1/tcbLevels/0/tcbStatus", "TDRelaunchAdvised", kFormat},
            {"/tdxModuleIdentities/1/tcbLevels/0/tcbDate", "2025-05-14", kFormat},
            {"/tcbLevels", Json::array(), "TCB_NOT_SUPPORTED"},
            {"/tcbLevels", Json::object(), kFormat},
            {"/tcbLevels", absent(), kFormat},
            {"/tcbLevels/0", 1, kFormat},
            {"/tcbLevels/0/tcb", absent(), kFormat},
            {"/tcbLevels/0/tcb/pcesvn", absent(), kFormat},
            {"/tcbLevels/0/tcb/pcesvn", "13", kFormat},
            {"/tcbLevels/0/tcb/sgxtcbcomponents", fifteen, kFormat},
            {"/tcbLevels/0/tcb/sgxtcbcomponents", seventeen, kFormat},
            {"/tcbLevels/2/tcb/tdxtcbcomponents", fifteen, kFormat},
            {"/tcbLevels/0/tcb/tdxtcbcomponents", absent(), kFormat},
            {"/tcbLevels/0/tcb/tdxtcbcomponents/3", Json::object(), kFormat},
            {"/tcbLevels/0/tcb/tdxtcbcomponents/3/svn", 256, kFormat},
            {"/tcbLevels/0/tcbStatus", absent(), kFormat},
            {"/tcbLevels/0/tcbDate", absent(), kFormat},
            {"/tcbLevels/1/advisoryIDs", "INTEL-SA-00001", kFormat},
            {"/tcbLevels/1/advisoryIDs/0", 1, kFormat},
            {"/tcbLevels/1/advisoryIDs/0", "a\nb", kFormat},
            {"/something", "new", ""}};
        for (const Change& change : changes) {
            Scene scene;
            apply(scene.info, change);
            expectReason(change.reason, scene, std::string(change.pointer) + " " + change.value.dump());
        }
        const Scene scene;
        auto blobs = scene.blobs();
        std::string twice = scene.info.dump();
        twice.insert(1, R"("fmspc":"B0C06F000000",)");
        blobs[0] = bytesOf(signedDocument("tcbInfo", twice, hierarchy().signerKey));
        CPPUNIT_ASSERT_EQUAL(std::string(kFormat), scene.reason(scene.quote(), blobs));
        blobs[0] = bytesOf(signedDocument("tcbInfo", std::string("{,}"), hierarchy().signerKey));
        CPPUNIT_ASSERT_EQUAL(std::string(kFormat), scene.reason(scene.quote(), blobs));
    }

    void judgesEachFieldOfTheQeIdentity()
    {
        constexpr const char *kFormat = "QE_IDENTITY_FORMAT", *kType = "QE_IDENTITY_TYPE";
        const Change changes[] = {{"/id", "QE", kType},
                                  {"/id", absent(), kFormat},
                                  {"/version", 1, kType},
                                  {"/version", 3, ""},
                                  {"/version", 4, kType},
                                  {"/issueDate", absent(), kFormat},
                                  {"/nextUpdate", "2025", kFormat},
                                  {"/tcbEvaluationDataNumber", absent(), kFormat},
                                  {"/miscselect", "01000000", "QE_MISC"},
                                  {"/miscselect", "00000001", "QE_MISC"},
                                  {"/miscselect", "0000", kFormat},
                                  {"/miscselectMask", absent(), kFormat},
                                  {"/attributes", "15000000000000000000000000000000", "QE_ATTR"},
                                  {"/attributes", "11", kFormat},
                                  {"/attributesMask", absent(), kFormat},
                                  {"/mrsigner", std::string(64, 'A'), "QE_MRSIGNER"},
                                  {"/mrsigner", std::string(62, 'A'), kFormat},
                                  {"/isvprodid", 1, "QE_PRODID"},
                                  {"/isvprodid", 70'000, kFormat},
                                  {"/tcbLevels", Json::array(), "QE_TCB_NOT_SUPPORTED"},
                                  {"/tcbLevels", absent(), kFormat},
                                  {"/tcbLevels/0/tcb/isvsvn", absent(), kFormat},
                                  {"/tcbLevels/0/tcbStatus", "", kFormat}};
        for (const Change& change : changes) {
            Scene scene;
            apply(scene.identity, change);
            expectReason(change.reason, scene, std::string(change.pointer) + " " + change.value.dump());
        }
    }

    void keepsTheEdgesOfTime()
    {
        struct Row {
            kit::UnixSeconds at;
            const char* info;
            const char* identity;
        };
        constexpr kit::UnixSeconds kFrom = kNow - 1000, kTo = kNow + 1000;
        for (const Row& row :
             {Row{kFrom, "", ""}, Row{kTo, "", ""}, Row{kFrom - 1, "TCB_INFO_FUTURE", "QE_IDENTITY_FUTURE"},
              Row{kTo + 1, "TCB_INFO_EXPIRED", "QE_IDENTITY_EXPIRED"}}) {
            for (const bool isInfo : {true, false}) {
                Scene scene;
                Json& document = isInfo ? scene.info : scene.identity;
                document["issueDate"] = kit::timeText(kFrom);
                document["nextUpdate"] = kit::timeText(kTo);
                scene.at = row.at;
                expectReason(isInfo ? row.info : row.identity, scene, std::to_string(row.at - kNow));
            }
        }
        const Row crls[] = {{kFrom, "", ""},
                            {kTo, "", ""},
                            {kFrom - 1, "ROOT_CRL_FUTURE", "PCK_CRL_FUTURE"},
                            {kTo + 1, "ROOT_CRL_EXPIRED", "PCK_CRL_EXPIRED"}};
        for (const Row& row : crls)
            for (const bool isRoot : {true, false}) {
                Scene scene;
                (isRoot ? scene.rootCrl : scene.pckCrl).validity = {kFrom, kTo};
                scene.at = row.at;
                expectReason(isRoot ? row.info : row.identity, scene, std::to_string(row.at - kNow));
            }
    }

    void judgesCrls()
    {
        const Key other = makeEcKey("P-256");
        const auto with = [](const char* reason, auto&& change, const char* what) {
            Scene scene;
            change(scene);
            expectReason(reason, scene, what);
        };
        with(
            "ROOT_CRL_SIG", [&](Scene& s) { s.rootCrl.signer = other; }, "root's signature");
        with(
            "PCK_CRL_SIG", [&](Scene& s) { s.pckCrl.signer = other; }, "issuer's signature");
        with(
            "PCK_CRL_SIG", [](Scene& s) { s.pckCrl.criticalExtension = true; }, "not understood");
        with(
            "REVOKED",
            [](Scene& s) {
                s.rootCrl.revoked = {9, 2};
            },
            "the issuer");
        with(
            "REVOKED", [](Scene& s) { s.rootCrl.revoked = {3}; }, "who signs collateral");
        with(
            "REVOKED", [](Scene& s) { s.pckCrl.revoked = {0x1000}; }, "the PCK");
        with(
            "",
            [](Scene& s) {
                s.pckCrl.revoked = {2, 3};
            },
            "numbers of others");
        with(
            "", [](Scene& s) { s.rootCrl.revoked = {0x1000}; }, "the PCK by the root");
        with(
            "CRL_MISSING", [](Scene& s) { s.pckCrl.issuer = "Intel SGX PCK Processor CA"; }, "another's");
        with(
            "",
            [](Scene& s) {
                s.pckCrl.issuer = "Intel SGX PCK Processor CA";
                s.crl = CrlMode::IfPresent;
            },
            "another's, where none is demanded");
        with(
            "",
            [](Scene& s) {
                s.pckCrl.revoked = {0x1000};
                s.crl = CrlMode::Off;
            },
            "not looked at");
        // An older CRL that knew of it is not undone by a newer one that a host has brought along.
        Scene scene;
        auto blobs = scene.blobs();
        CrlTerms older = scene.pckCrl;
        older.validity.from -= 100;
        older.revoked = {0x1000};
        blobs.push_back(makeCrl(older).der());
        CPPUNIT_ASSERT_EQUAL(std::string("REVOKED"), scene.reason(scene.quote(), blobs));
    }

    void saysWhatIsMissing()
    {
        const Scene scene;
        const char* const expected[] = {"COLLATERAL_MISSING", "COLLATERAL_MISSING", "COLLATERAL_MISSING",
                                        "CRL_MISSING", "CRL_MISSING"};
        const auto all = scene.blobs();
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto fewer = all;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            CPPUNIT_ASSERT_EQUAL(std::string(expected[i]), scene.reason(scene.quote(), fewer));
        }
        const Verified none = scene.verify(scene.quote(), {});
        CPPUNIT_ASSERT(!none.tcb);
        CPPUNIT_ASSERT(kit::firstFailure(none.lines) == nullptr); // nothing is wrong, and nothing is known
        std::size_t undecided = 0;
        for (const auto& line : none.lines)
            undecided += line.outcome == kit::Outcome::Error ? 1 : 0;
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, undecided);
        Scene split;
        split.identity["tcbEvaluationDataNumber"] = 18;
        bool warned = false;
        for (const auto& line : split.verify().lines)
            warned = warned || line.outcome == kit::Outcome::Warn;
        CPPUNIT_ASSERT(warned);
    }

    void doesWithoutWhereToldTo()
    {
        Scene scene;
        scene.collateral = CollateralMode::Off;
        scene.crl = CrlMode::Off;
        const Verified verified = scene.verify(scene.quote(), {});
        CPPUNIT_ASSERT(!verified.tcb);
        for (const auto& line : verified.lines)
            CPPUNIT_ASSERT_MESSAGE(line.id, line.outcome == (line.id == check_id::kQe ? kit::Outcome::Warn
                                                                                      : kit::Outcome::Pass) ||
                                                line.outcome == kit::Outcome::Skip);
    }

    void tellsWhenASetCounts()
    {
        Scene scene;
        scene.info["issueDate"] = kit::timeText(kNow - 10);
        scene.pckCrl.validity.to = kNow + 20;
        const Collateral its = Collateral::of(Scene::poolOf(scene.blobs()), nullptr, scene.anchors);
        CPPUNIT_ASSERT_EQUAL(kNow - 10, its.window().from);
        CPPUNIT_ASSERT_EQUAL(kNow + 20, its.window().to);
        CPPUNIT_ASSERT(its.tcbInfo.content && its.rootCrl.isSigned);
        CPPUNIT_ASSERT(its.pckCrl.given && !its.pckCrl.isSigned); // nobody has said by whom it must be
        auto blobs = scene.blobs();
        blobs.push_back(bytesOf(pem(scene.issuer) + pem(scene.root)));
        CPPUNIT_ASSERT(Collateral::of(Scene::poolOf(blobs), nullptr, scene.anchors).pckCrl.isSigned);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CollateralTest);

} // namespace
} // namespace teehost::tdx::test
