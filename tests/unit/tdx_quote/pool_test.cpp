// SPDX-License-Identifier: Apache-2.0
//
// The forms in which collateral comes, and the bytes of it that are signed.
#include <algorithm>

#include <teehost/kit/input_error.h>

#include "tdx_quote/scene.h"
#include "x509_factory/raw_object.h"

namespace teehost::tdx::test {
namespace {

std::string urlEncoded(const std::string& text)
{
    std::string out;
    for (const char c : text) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
        out += plain ? std::string(1, c) : "%" + kit::toHex(Bytes{static_cast<std::uint8_t>(c)});
    }
    return out;
}

template <class Read>
std::string refusal(Read&& read)
{
    try {
        static_cast<void>(read());
        return "";
    } catch (const kit::InputError& e) {
        return std::string(e.reason());
    }
}

class PoolTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PoolTest);
    CPPUNIT_TEST(takesEveryForm);
    CPPUNIT_TEST(setsAsideWhatIsNotIntels);
    CPPUNIT_TEST(refusesOtherBlobs);
    CPPUNIT_TEST(findsTheSignedBytes);
    CPPUNIT_TEST(refusesOtherDocuments);
    CPPUNIT_TEST_SUITE_END();

    void takesEveryForm()
    {
        const Scene scene;
        const Bytes quote = scene.quote();
        const std::string chain = pem(scene.signer) + pem(hierarchy().root);
        const Bytes rootCrl = makeCrl(scene.rootCrl).der(), pckCrl = makeCrl(scene.pckCrl).der();
        const Bytes info = bytesOf(scene.tcbInfoText()), identity = bytesOf(scene.qeIdentityText());
        const std::vector<std::vector<Bytes>> sets{
            {info, identity, bytesOf(chain), bytesOf(chain), rootCrl, pckCrl},
            {info, identity, bytesOf(urlEncoded(chain)), bytesOf(kit::toHex(rootCrl)),
             bytesOf(pem("X509 CRL", pckCrl))},
            {bytesOf("\n " + scene.tcbInfoText() + "\n\n"), identity, scene.signer.der(),
             bytesOf(kit::toHex(rootCrl) + "\n"),
             bytesOf("words\n" + pem("X509 CRL", pckCrl))}, // the root is the quote's
            {pckCrl, rootCrl, bytesOf(chain + pem("X509 CRL", pckCrl)), identity, info, info}};
        for (const auto& blobs : sets)
            CPPUNIT_ASSERT_EQUAL(std::string(), scene.reason(quote, blobs));
    }

    void setsAsideWhatIsNotIntels()
    {
        const Scene scene;
        auto blobs = scene.blobs();
        blobs.push_back(foreignCertificate());
        CPPUNIT_ASSERT_EQUAL(std::string(), scene.reason(scene.quote(), blobs));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, Scene::poolOf(blobs).others().size());
        // A missing certificate of the signer may be the one that was set aside.
        blobs[2] = blobs.back();
        const auto verified = scene.verify(scene.quote(), blobs);
        CPPUNIT_ASSERT(std::any_of(verified.lines.begin(), verified.lines.end(), [](const auto& line) {
            return line.outcome == kit::Outcome::Error &&
                   line.message.find("not a certificate of a maker of TEEs") != std::string::npos;
        }));
    }

    void refusesOtherBlobs()
    {
        const Scene scene;
        const std::string certificate = pem(scene.signer);
        for (const Bytes& bad :
             {Bytes(), Bytes{0x30, 0x82, 1, 2}, bytesOf("words"), bytesOf("3082"), bytesOf("{}"),
              bytesOf(R"({"signature": ""})"), bytesOf("-----BEGIN%20CERTIFICATE-----%0"),
              bytesOf("-----BEGIN%20CERTIFICATE-----%zz"), bytesOf(certificate.substr(0, 200)),
              bytesOf(pem("EC PRIVATE KEY", Bytes{1}))}) {
            CollateralPool pool;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(kit::textOf(bad)), std::string("COLLATERAL"),
                                         refusal([&] {
                                             pool.add(bad);
                                             return 0;
                                         }));
            CPPUNIT_ASSERT_EQUAL(std::string("COLLATERAL"), refusal([&] { // and not passed over as known
                                     pool.add(bad);
                                     return 0;
                                 }));
        }
        CollateralPool pool;
        pool.add(kit::viewOf(scene.tcbInfoText()));
        Scene other;
        other.info["tcbEvaluationDataNumber"] = 18;
        CPPUNIT_ASSERT_EQUAL(std::string("COLLATERAL"), refusal([&] {
                                 pool.add(kit::viewOf(other.tcbInfoText()));
                                 return 0;
                             }));
        CollateralPool crowd;
        std::string many;
        for (int i = 0; i < 65; ++i)
            many += certificate;
        CPPUNIT_ASSERT_EQUAL(std::string("COLLATERAL"), refusal([&] {
                                 crowd.add(kit::viewOf(many));
                                 return 0;
                             }));
    }

    void findsTheSignedBytes()
    {
        struct Row {
            std::string text, signedPart;
        };
        const Row rows[] = {
            {R"({"tcbInfo":{},"signature":"00"})", "{}"},
            {"\t{ \"signature\" : 1.5e+3 ,\n\"tcbInfo\" : { \"a\" : [1, {\"b\": null}] } }\r\n",
             "{ \"a\" : [1, {\"b\": null}] }"},
            {R"({"tcbInfo":{"a":"}\"{","b":"\\"},"signature":""})", R"({"a":"}\"{","b":"\\"})"},
            {R"({"x":[true,false],"tcbInfo":{"a":1},"y":{"tcbInfo":{}}})", R"({"a":1})"}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL(row.signedPart, std::string(SignedJson::read(row.text).signedPart()));
        CPPUNIT_ASSERT(SignedJson::read(rows[0].text).kind() == SignedJson::Kind::TcbInfo);
        CPPUNIT_ASSERT(SignedJson::read(R"({"enclaveIdentity":{}})").kind() == SignedJson::Kind::QeIdentity);
        const std::string digits(128, 'A');
        CPPUNIT_ASSERT_EQUAL(
            std::size_t{64},
            SignedJson::read(R"({"tcbInfo":{},"signature":")" + digits + "\"}").signature().size());
        for (const std::string& bad :
             {digits + "00", digits.substr(2), "x" + digits.substr(1), std::string()})
            CPPUNIT_ASSERT(
                SignedJson::read(R"({"tcbInfo":{},"signature":")" + bad + "\"}").signature().empty());
    }

    void refusesOtherDocuments()
    {
        const std::string deep = std::string(33, '[') + std::string(33, ']');
        for (const std::string& bad : {std::string(),
                                       std::string("{"),
                                       std::string("{}"),
                                       std::string("[]"),
                                       std::string(R"({"tcbInfo":{})"),
                                       std::string(R"({"tcbInfo":{},})"),
                                       std::string(R"({"tcbInfo":{}} x)"),
                                       std::string(R"({"tcbInfo":[]})"),
                                       std::string(R"({"tcbInfo":"{}"})"),
                                       std::string(R"({"tcbInfo":{},"tcbInfo":{}})"),
                                       std::string(R"({"tcbInfo":{},"enclaveIdentity":{}})"),
                                       std::string(R"({"tcbInfo":{},"signature":"","signature":""})"),
                                       std::string(R"({"tcbInfo":{"a":"b})"),
                                       std::string(R"({"tcbInfo":{"a":[}]})"),
                                       std::string(R"({"tcbInfo":{]})"),
                                       std::string(R"({"tcbInfo" {}})"),
                                       std::string(R"({tcbInfo:{}})"),
                                       std::string(R"({"tcbInfo":{},"a":)"),
                                       std::string(R"({"tcbInfo":{},"a":})"),
                                       std::string(R"({"tcbInfo":{},"a":,"b":1})"),
                                       std::string(R"({"tcbInfo":{},"a":1 2})"),
                                       R"({"tcbInfo":{"a":)" + deep + "}}",
                                       std::string("{\"tcbInfo\":{},\"a\":\"\\")})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(bad, std::string("COLLATERAL"),
                                         refusal([&] { return SignedJson::read(bad); }));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PoolTest);

} // namespace
} // namespace teehost::tdx::test
