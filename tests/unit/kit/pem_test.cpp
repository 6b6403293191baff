// SPDX-License-Identifier: Apache-2.0
//
// PEM with what editors, mail, C programs and shells leave in it.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/crypto_error.h>
#include <teehost/kit/pem.h>
#include <teehost/kit/x509.h>

#include "x509_factory/x509_factory.h"

namespace teehost::kit {
namespace {

using x509_factory::makeCertificate;
using x509_factory::pem;

std::string replaced(std::string text, const std::string& from, const std::string& to)
{
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

std::string wide(const std::string& text)
{
    std::string out = "\xFF\xFE";
    for (const char c : text)
        out += std::string{c, '\0'};
    return out;
}

} // namespace

class PemTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PemTest);
    CPPUNIT_TEST(readsWhateverWasLeftInIt);
    CPPUNIT_TEST(readsTrustedCertificates);
    CPPUNIT_TEST(saysWhatIsThereInPlaceOfCertificates);
    CPPUNIT_TEST(refusesBrokenBlocks);
    CPPUNIT_TEST_SUITE_END();

    const x509_factory::Key key_ = x509_factory::makeEcKey();
    const Bytes der_ = makeCertificate({"one", "one", key_, key_}).der();

    void readsWhateverWasLeftInIt()
    {
        const std::string text = pem("CERTIFICATE", der_);
        struct Row {
            const char* what;
            std::string text;
        };
        const Row rows[] = {
            {"as it is", text},
            {"a byte order mark", "\xEF\xBB\xBF" + text},
            {"CR LF", replaced(text, "\n", "\r\n")},
            {"CR", replaced(text, "\n", "\r")},
            {"a NUL at the end", text + std::string(1, '\0')},
            {"a buffer written whole", text + std::string(4096, '\0')},
            {"no last line end", text.substr(0, text.size() - 1)},
            {"text around", "subject=/CN=one\nissuer=/CN=one\n" + text + "\nthat was it\n"},
            {"leading blanks", "    " + replaced(text, "\n", "\n    ")},
            {"a tab", replaced(text, "\n", "\t\n")},
            {"trailing blanks", replaced(text, "\n", "  \n")},
            {"empty lines", replaced(text, "\n", "\n\n")},
            {"one line", replaced(text, "\n", " ")},
            {"line ends written out", replaced(text, "\n", "\\n")},
            {"line ends of two kinds", replaced(text, "\n", "\\r\\n")},
            {"header lines", replaced(text, "-----\nMI", "-----\nComment: mine\n\nMI")},
            {"UTF-16", wide(text)},
            {"UTF-16 with a NUL", wide(text) + std::string(2, '\0')},
            {"an old label", replaced(text, " CERTIFICATE", " X509 CERTIFICATE")},
        };
        for (const Row& row : rows) {
            CPPUNIT_ASSERT_MESSAGE(row.what,
                                   looksLikePem(viewOf(row.text)) && looksLikeX509(viewOf(row.text)));
            const auto read = readX509(viewOf(row.text)).certificates;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.what, std::size_t{1}, read.size());
            CPPUNIT_ASSERT_MESSAGE(row.what, read.front().der() == der_);
        }
    }

    void readsTrustedCertificates()
    {
        Bytes trusted = der_;
        for (const std::uint8_t byte : Bytes{0x30, 0x04, 0x0C, 0x02, 'h', 'i'}) // an alias
            trusted.push_back(byte);
        const std::string text = pem("TRUSTED CERTIFICATE", trusted);
        CPPUNIT_ASSERT(readX509(viewOf(text)).certificates.front().der() == der_);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readX509(viewOf(pem("TRUSTED CERTIFICATE", Bytes(9, 1))))),
                             CryptoError);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readX509(viewOf(pem("CERTIFICATE", trusted)))), CryptoError);
    }

    void saysWhatIsThereInPlaceOfCertificates()
    {
        const std::string text = pem("PUBLIC KEY", Bytes{1, 2, 3}) +
                                 "-----BEGIN PRIVATE KEY-----\nno matter\n-----END PRIVATE KEY-----";
        try {
            static_cast<void>(readX509(viewOf(text)));
            CPPUNIT_FAIL("accepted");
        } catch (const CryptoError& e) {
            CPPUNIT_ASSERT_EQUAL(
                std::string("no certificate and no CRL in this PEM text, but PUBLIC KEY, PRIVATE KEY"),
                std::string(e.what()));
        }
        CPPUNIT_ASSERT(readPem(viewOf(text))[1].data.empty()); // a secret is nobody's to decode
    }

    void refusesBrokenBlocks()
    {
        const std::string text = pem("CERTIFICATE", der_);
        for (const std::string& broken :
             {text.substr(0, text.size() / 2), replaced(text, "END CERTIFICATE", "END X509 CRL"),
              replaced(text, "MI", "M!"), replaced(text, "-----END", "=-----END"),
              std::string("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
              replaced(text, "-----\nMI", "-----\nM" + std::string(1, '\0') + "I")})
            CPPUNIT_ASSERT_THROW_MESSAGE(broken, static_cast<void>(readX509(viewOf(broken))), CryptoError);
        std::string many;
        for (int i = 0; i < 257; ++i)
            many += pem("X", Bytes{1, 2, 3});
        CPPUNIT_ASSERT_THROW(static_cast<void>(readPem(viewOf(many))), CryptoError);
        CPPUNIT_ASSERT(!looksLikePem(Bytes{1, 0, 2}));
        CPPUNIT_ASSERT(
            !looksLikePem(viewOf("a" + std::string(1, '\0') + text))); // it stands in something else
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PemTest);

} // namespace teehost::kit
