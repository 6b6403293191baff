// SPDX-License-Identifier: Apache-2.0
//
// TLS of the gRPC server, with and without certificates of clients, and the HTTP endpoints.
#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "support/certificates.h"
#include "support/host_test.h"
#include "support/http.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kHandshakeLimit = 5s;

std::shared_ptr<grpc::ChannelCredentials> credentials(const std::filesystem::path& ca,
                                                      const Identity& own = {})
{
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = readFile(ca);
    if (!own.key.empty()) {
        options.pem_private_key = readFile(own.key);
        options.pem_cert_chain = readFile(own.certificate);
    }
    return grpc::SslCredentials(options);
}

class TlsTest final : public HostTest {
    CPPUNIT_TEST_SUITE(TlsTest);
    CPPUNIT_TEST(servesTlsOnly);
    CPPUNIT_TEST(asksClientsForACertificate);
    CPPUNIT_TEST(eitherCaVariableDemandsCertificates);
    CPPUNIT_TEST(takesUpARenewedCertificate);
    CPPUNIT_TEST(keepsItsCertificateWhenTheNewOneIsGarbage);
    CPPUNIT_TEST(answersOverHttp);
    CPPUNIT_TEST(answersOverHttps);
    CPPUNIT_TEST_SUITE_END();

    std::unique_ptr<Authority> authority_;
    Identity served_; ///< the files the daemon watches

    void startWithTls(Settings changes = {})
    {
        authority_ = std::make_unique<Authority>(stage().scratch.path(), "ca");
        served_ = authority_->issue("server");
        startDaemon(
            with({{"grpc.server_cert", served_.certificate}, {"grpc.server_key", served_.key}}, changes));
    }

    /// Whether a client of these credentials is answered. New each time: a channel remembers its failures.
    bool answers(const std::shared_ptr<grpc::ChannelCredentials>& with)
    {
        Client fresh(daemon().grpcAddress(), with);
        return fresh.call(&Host::ListVms, v1::ListVmsRequest(), kHandshakeLimit).status.ok();
    }

    static void replace(const std::filesystem::path& from, const std::filesystem::path& to)
    {
        std::filesystem::copy_file(from, to.string() + ".new",
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::rename(to.string() + ".new", to);
    }

    void servesTlsOnly()
    {
        startWithTls();
        const Authority other(stage().scratch.path(), "other");
        CPPUNIT_ASSERT(answers(credentials(authority_->certificate())));
        CPPUNIT_ASSERT(!answers(credentials(other.certificate())));
        CPPUNIT_ASSERT(!answers(grpc::InsecureChannelCredentials()));
        requireLacks(daemon().log(), "PRIVATE KEY");
    }

    void asksClientsForACertificate()
    {
        authority_ = std::make_unique<Authority>(stage().scratch.path(), "ca");
        served_ = authority_->issue("server");
        const Authority clients(stage().scratch.path(), "clients");
        const Authority strangers(stage().scratch.path(), "strangers");
        startDaemon({{"grpc.server_cert", served_.certificate},
                     {"grpc.server_key", served_.key},
                     {"grpc.client_ca_certs", clients.certificate()}});
        const auto ca = authority_->certificate();
        CPPUNIT_ASSERT(answers(credentials(ca, clients.issue("friend"))));
        CPPUNIT_ASSERT(!answers(credentials(ca)));
        CPPUNIT_ASSERT(!answers(credentials(ca, strangers.issue("stranger"))));
        CPPUNIT_ASSERT(!answers(credentials(ca, authority_->issue("relative"))));
        CPPUNIT_ASSERT(!answers(grpc::InsecureChannelCredentials()));
        CPPUNIT_ASSERT(answers(credentials(ca, clients.issue("another"))));
    }

    /// Behaves as the Cocos Manager does: an operator who set MANAGER_GRPC_SERVER_CA_CERTS had mutual TLS
    /// there.
    void eitherCaVariableDemandsCertificates()
    {
        authority_ = std::make_unique<Authority>(stage().scratch.path(), "ca");
        served_ = authority_->issue("server");
        const Authority clients(stage().scratch.path(), "clients");
        const auto ca = authority_->certificate();
        const Settings tls{{"grpc.server_cert", served_.certificate}, {"grpc.server_key", served_.key}};
        startDaemon(tls, {.settings = {},
                          .environment = {{"MANAGER_GRPC_SERVER_CA_CERTS", clients.certificate()},
                                          {"MANAGER_HTTP_SERVER_CERT", served_.certificate},
                                          {"MANAGER_HTTP_SERVER_KEY", served_.key},
                                          {"MANAGER_HTTP_SERVER_CA_CERTS", clients.certificate()}}});
        CPPUNIT_ASSERT(answers(credentials(ca, clients.issue("friend"))));
        CPPUNIT_ASSERT(!answers(credentials(ca)));
        CPPUNIT_ASSERT(!answers(credentials(ca, authority_->issue("relative"))));
        CPPUNIT_ASSERT_THROW((void)httpGet("https://" + daemon().httpAddress() + "/health", ca),
                             std::runtime_error);
        endDaemon();
        // The CA of clients is the only one that counts when both are set.
        startDaemon(
            with(tls, {{"grpc.server_ca_certs", ca}, {"grpc.client_ca_certs", clients.certificate()}}));
        CPPUNIT_ASSERT(answers(credentials(ca, clients.issue("friend"))));
        CPPUNIT_ASSERT(!answers(credentials(ca, authority_->issue("relative"))));
    }

    void takesUpARenewedCertificate()
    {
        startWithTls();
        const Authority next(stage().scratch.path(), "next");
        const auto renewed = next.issue("server");
        CPPUNIT_ASSERT(!answers(credentials(next.certificate())));
        replace(renewed.key, served_.key);
        replace(renewed.certificate, served_.certificate);
        waitUntil("the renewed certificate is served",
                  [&] { return answers(credentials(next.certificate())); });
        CPPUNIT_ASSERT(!answers(credentials(authority_->certificate())));
    }

    void keepsItsCertificateWhenTheNewOneIsGarbage()
    {
        startWithTls();
        const std::string kUnusable = "tls files changed but are not usable; the old ones stay";
        writeFile(served_.certificate, "garbage");
        waitUntil("the daemon notices", [&] { return daemon().timesLogged(kUnusable) == 1; });
        CPPUNIT_ASSERT(answers(credentials(authority_->certificate())));
        // A certificate that does not fit the key is no better.
        const auto other = authority_->issue("other");
        replace(other.certificate, served_.certificate);
        waitUntil("the daemon notices", [&] { return daemon().timesLogged(kUnusable) == 2; });
        CPPUNIT_ASSERT(answers(credentials(authority_->certificate())));
        replace(other.key, served_.key);
        waitUntil("the pair is complete", [&] { return daemon().timesLogged("tls files replaced") > 0; });
        CPPUNIT_ASSERT(answers(credentials(authority_->certificate())));
    }

    void answersOverHttp()
    {
        startDaemon();
        const std::string base = "http://" + daemon().httpAddress();
        const auto health = httpGet(base + "/health");
        CPPUNIT_ASSERT_EQUAL(200, health.status);
        CPPUNIT_ASSERT_EQUAL(std::string("pass"),
                             nlohmann::json::parse(health.body).at("status").get<std::string>());
        CPPUNIT_ASSERT_EQUAL(200, httpGet(base + "/ready").status);
        CPPUNIT_ASSERT_EQUAL(404, httpGet(base + "/").status);
        CPPUNIT_ASSERT_EQUAL(404, httpGet(base + "/metrics/../../etc/passwd").status);
        CPPUNIT_ASSERT_EQUAL(405, httpRequest("POST", base + "/health").status);

        const auto running = [&] { return httpGet(base + "/metrics").body; };
        requireContains(running(), "teehost_vms{state=\"running\"} 0");
        const auto vm = runVm();
        requireContains(running(), "teehost_vms{state=\"running\"} 1");
        requireContains(running(), "teehost_vm_boot_seconds_count 1");
        client().removeVm(vm.id());
        requireContains(running(), "teehost_vms{state=\"running\"} 0");
        requireContains(running(), "teehost_vm_transitions_total{state=\"stopped\"} 1");
    }

    void answersOverHttps()
    {
        const Authority authority(stage().scratch.path(), "ca");
        const auto served = authority.issue("server");
        startDaemon({{"http.server_cert", served.certificate}, {"http.server_key", served.key}});
        CPPUNIT_ASSERT_EQUAL(
            200, httpGet("https://" + daemon().httpAddress() + "/health", authority.certificate()).status);
        const Authority other(stage().scratch.path(), "other");
        CPPUNIT_ASSERT_THROW(
            (void)httpGet("https://" + daemon().httpAddress() + "/health", other.certificate()),
            std::runtime_error);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TlsTest);

} // namespace
} // namespace teehost::test
