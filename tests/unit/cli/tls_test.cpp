// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>
#include <grpcpp/security/server_credentials.h>

#include "fake_host.h"
#include "run_program.h"
#include "temporary_directory.h"
#include "test_certificates.h"

namespace teehost::cli {
namespace {

using test::FakeHost;
using test::Result;
using test::Stdout;

class TlsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TlsTest);
    CPPUNIT_TEST(trustsTheGivenAuthorityOnly);
    CPPUNIT_TEST(insistsOnTheNameOfTheHost);
    CPPUNIT_TEST(showsItsCertificateWhenAsked);
    CPPUNIT_TEST(explainsAMixOfTlsAndPlaintext);
    CPPUNIT_TEST_SUITE_END();

    test::TemporaryDirectory directory_;
    test::Authority authority_;

    std::string file(const std::string& name, const std::string& content) const
    {
        std::ofstream(directory_.path() / name) << content;
        return directory_.path() / name;
    }

    std::shared_ptr<grpc::ServerCredentials> serverCredentials(const std::string& name,
                                                               bool wantClient = false) const
    {
        const test::Identity server = authority_.issue(name);
        grpc::SslServerCredentialsOptions options(
            wantClient ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                       : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
        options.pem_root_certs = authority_.certPem();
        options.pem_key_cert_pairs.push_back({server.keyPem, server.certPem});
        return grpc::SslServerCredentials(options);
    }

    Result list(const FakeHost& host, std::vector<std::string> options,
                const std::vector<std::string>& environment = {}) const
    {
        options.insert(options.begin(), {"list", "--quiet", "--url", host.address()});
        return test::run(options, Stdout::Pipe, environment);
    }

    static void expectUnreachable(const std::string& why, const Result& result)
    {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.err, 5, result.exitCode);
        CPPUNIT_ASSERT_MESSAGE(why + " is not in " + result.err, result.err.find(why) != std::string::npos);
    }

    void trustsTheGivenAuthorityOnly()
    {
        const FakeHost host(serverCredentials("localhost"));
        const std::string ca = file("ca.pem", authority_.certPem());
        const Result trusted = list(host, {"--tls-ca", ca});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(trusted.err, 0, trusted.exitCode);
        CPPUNIT_ASSERT_EQUAL(0, list(host, {}, {"MANAGER_GRPC_SERVER_CA_CERTS=" + ca}).exitCode);
        const std::string otherCa = file("other.pem", test::Authority("other CA").certPem());
        expectUnreachable("its certificate is not signed by the given CA", list(host, {"--tls-ca", otherCa}));
        const std::string impostor = file("impostor.pem", test::Authority().certPem()); // of the same name
        expectUnreachable("the TLS handshake failed", list(host, {"--tls-ca", impostor}));
    }

    void insistsOnTheNameOfTheHost()
    {
        const FakeHost host(serverCredentials("elsewhere.example.com"));
        expectUnreachable("its certificate is for another name",
                          list(host, {"--tls-ca", file("ca.pem", authority_.certPem())}));
    }

    void showsItsCertificateWhenAsked()
    {
        const FakeHost host(serverCredentials("localhost", true));
        const test::Identity client = authority_.issue("operator");
        const std::string ca = file("ca.pem", authority_.certPem());
        const std::string cert = file("cert.pem", client.certPem);
        const std::string key = file("key.pem", client.keyPem);
        const Result shown = list(host, {"--tls-ca", ca, "--tls-cert", cert, "--tls-key", key});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(shown.err, 0, shown.exitCode);
        const Result fromEnvironment =
            list(host, {},
                 {"MANAGER_GRPC_SERVER_CA_CERTS=" + ca, "MANAGER_GRPC_CLIENT_CERT=" + cert,
                  "MANAGER_GRPC_CLIENT_KEY=" + key});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(fromEnvironment.err, 0, fromEnvironment.exitCode);
        expectUnreachable("client certificate", list(host, {"--tls-ca", ca}));
        CPPUNIT_ASSERT_EQUAL(2, list(host, {"--tls-ca", ca, "--tls-cert", cert}).exitCode);
    }

    void explainsAMixOfTlsAndPlaintext()
    {
        const FakeHost secure(serverCredentials("localhost"));
        expectUnreachable("if it wants TLS, give --tls-ca", list(secure, {}));
        const FakeHost plain;
        expectUnreachable("it does not speak TLS",
                          list(plain, {"--tls-ca", file("ca.pem", authority_.certPem())}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TlsTest);

} // namespace
} // namespace teehost::cli
