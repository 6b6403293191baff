// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>

#include "host/api/convert.h"
#include "host/api/status.h"
#include "host/api/tls_files.h"
#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::api {
namespace {

using namespace std::chrono_literals;

class ApiTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ApiTest);
    CPPUNIT_TEST(errorsKeepTheirCategoryAndHint);
    CPPUNIT_TEST(bugsTellOnlyAnIncidentNumber);
    CPPUNIT_TEST(messagesFitAHeader);
    CPPUNIT_TEST(everyFieldOfCreateReqArrives);
    CPPUNIT_TEST(secretsLeaveTheMessage);
    CPPUNIT_TEST(aTtlThatDoesNotParseNamesItself);
    CPPUNIT_TEST(equalRequestsHaveEqualFingerprints);
    CPPUNIT_TEST(durationsAreBounded);
    CPPUNIT_TEST(tlsFilesMustFit);
    CPPUNIT_TEST(onlyGoodTlsFilesArePublished);
    CPPUNIT_TEST(tellsOnceThatTlsFilesAreNotUsable);
    CPPUNIT_TEST_SUITE_END();

    std::string logged_;
    Log log_{LogLevel::Info, [this](LogLevel, const std::string& line) { logged_ += line; }};
    launch::ScratchDir dir_;

    void errorsKeepTheirCategoryAndHint()
    {
        const auto status =
            toStatus(std::make_exception_ptr(InvalidArgument("is bad", "ttl", "write 90s")), log_);
        CPPUNIT_ASSERT(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
        CPPUNIT_ASSERT_EQUAL(std::string("ttl: is bad; write 90s"), status.error_message());
        CPPUNIT_ASSERT(toStatus(nullptr, log_).ok());
    }

    void bugsTellOnlyAnIncidentNumber()
    {
        const auto status = toStatus(std::make_exception_ptr(std::runtime_error("/secret/path")), log_);
        CPPUNIT_ASSERT(status.error_code() == grpc::StatusCode::INTERNAL);
        CPPUNIT_ASSERT(status.error_message().find("/secret/path") == std::string::npos);
        CPPUNIT_ASSERT(logged_.find("/secret/path") != std::string::npos);
    }

    void messagesFitAHeader()
    {
        const auto status = toStatus(
            std::make_exception_ptr(Error(Category::Internal, "\x1b[2J\xff" + std::string(9000, 'x'))), log_);
        CPPUNIT_ASSERT(status.error_message().starts_with("\\x1b[2J\\xff"));
        CPPUNIT_ASSERT(status.error_message().size() <= 4096);
    }

    static manager::CreateReq fullRequest()
    {
        manager::CreateReq request;
        request.set_agent_log_level("info");
        request.set_agent_cvm_server_ca_cert("CA");
        request.set_agent_cvm_client_key("KEY");
        request.set_agent_cvm_client_cert("CERT");
        request.set_agent_cvm_server_url("url");
        request.set_agent_cvm_ca_url("caurl");
        request.set_ttl("1h30m");
        request.set_agent_certs_token("TOKEN");
        request.set_aws_access_key_id("ID");
        request.set_aws_secret_access_key("SECRET");
        request.set_aws_endpoint_url("endpoint");
        request.set_aws_region("region");
        request.set_aa_kbs_params("kbs");
        return request;
    }

    void everyFieldOfCreateReqArrives()
    {
        const auto vm = fromProto(fullRequest());
        const auto& agent = vm.agent;
        const std::string arrived = agent.logLevel + "," + std::string(agent.serverCaCert.reveal()) + "," +
                                    std::string(agent.clientKey.reveal()) + "," +
                                    std::string(agent.clientCert.reveal()) + "," + agent.serverUrl + "," +
                                    agent.caUrl + "," + std::string(agent.certsToken.reveal()) + "," +
                                    std::string(agent.awsAccessKeyId.reveal()) + "," +
                                    std::string(agent.awsSecretAccessKey.reveal()) + "," +
                                    agent.awsEndpointUrl + "," + agent.awsRegion + "," + agent.aaKbsParams;
        CPPUNIT_ASSERT_EQUAL(std::string("info,CA,KEY,CERT,url,caurl,TOKEN,ID,SECRET,endpoint,region,kbs"),
                             arrived);
        CPPUNIT_ASSERT(vm.ttl == 90min);
        CPPUNIT_ASSERT(vm.names == &launch::kManagerFieldNames);
    }

    void secretsLeaveTheMessage()
    {
        auto request = fullRequest();
        (void)fromProto(std::move(request));
        CPPUNIT_ASSERT(request.agent_cvm_client_key().empty() && request.agent_certs_token().empty() &&
                       request.aws_secret_access_key().empty());
    }

    void aTtlThatDoesNotParseNamesItself()
    {
        for (const std::string text : {"abc", "1", "-1s", "1d", "1 h"}) {
            manager::CreateReq request;
            request.set_ttl(text);
            try {
                (void)fromProto(std::move(request));
                CPPUNIT_FAIL("accepted " + text);
            } catch (const InvalidArgument& error) {
                CPPUNIT_ASSERT(std::string(error.what()).starts_with("ttl: "));
            }
        }
    }

    void equalRequestsHaveEqualFingerprints()
    {
        v1::CreateVmRequest a;
        v1::CreateVmRequest b;
        for (int i = 0; i < 20; ++i)
            (*a.mutable_labels())["k" + std::to_string(i)] = "v";
        for (int i = 19; i >= 0; --i)
            (*b.mutable_labels())["k" + std::to_string(i)] = "v";
        auto c = a;
        c.set_vcpus(2);
        const auto first = fromProto(std::move(a)).fingerprint;
        CPPUNIT_ASSERT_EQUAL(first, fromProto(std::move(b)).fingerprint);
        CPPUNIT_ASSERT(first != fromProto(std::move(c)).fingerprint);
    }

    void durationsAreBounded()
    {
        google::protobuf::Duration duration;
        duration.set_seconds(90);
        duration.set_nanos(5);
        CPPUNIT_ASSERT(fromProto(duration, "ttl") == 90s + 5ns);
        duration.set_nanos(-1);
        CPPUNIT_ASSERT_THROW((void)fromProto(duration, "ttl"), InvalidArgument);
        duration.set_nanos(0);
        duration.set_seconds(std::numeric_limits<std::int64_t>::max());
        CPPUNIT_ASSERT_THROW((void)fromProto(duration, "ttl"), InvalidArgument);
    }

    /// A self-signed certificate and its key, `name`.crt and `name`.key.
    void makeCertificate(const std::string& name, const std::string& days = "30") const
    {
        const auto base = (dir_.path() / name).string();
        const auto made = runHelper({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                     "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days",
                                     days, "-keyout", base + ".key", "-out", base + ".crt"},
                                    60s);
        CPPUNIT_ASSERT_MESSAGE(made.output, made.ok());
    }

    std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

    void tlsFilesMustFit()
    {
        makeCertificate("a");
        makeCertificate("b");
        dir_.write("junk", "no PEM");
        checkTlsFiles({path("a.crt"), path("a.key"), path("b.crt")}, "grpc");
        checkTlsFiles({}, "grpc");
        const TlsPaths bad[] = {{path("a.crt"), "", ""},
                                {"", path("a.key"), ""},
                                {"", "", path("a.crt")},
                                {path("a.crt"), path("b.key"), ""},
                                {path("junk"), path("a.key"), ""},
                                {path("a.crt"), path("junk"), ""},
                                {path("a.crt"), path("a.key"), path("junk")},
                                {path("missing"), path("a.key"), ""}};
        for (const auto& paths : bad)
            CPPUNIT_ASSERT_THROW_MESSAGE(paths.certificate + paths.key, checkTlsFiles(paths, "grpc"), Error);
    }

    static std::string content(const std::string& file)
    {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    /// Replaces both files as an operator's renewal does, with a later time than before.
    void replace(const std::string& from) const
    {
        for (const std::string extension : {".crt", ".key"}) {
            const auto target = path("live" + extension);
            const auto before = std::filesystem::exists(target)
                                    ? std::filesystem::last_write_time(target)
                                    : std::filesystem::file_time_type::clock::now();
            std::filesystem::copy_file(path(from + extension), target,
                                       std::filesystem::copy_options::overwrite_existing);
            std::filesystem::last_write_time(target, before + 1s);
        }
    }

    void onlyGoodTlsFilesArePublished()
    {
        makeCertificate("a");
        makeCertificate("b");
        replace("a");
        TlsPublisher publisher({path("live.crt"), path("live.key"), ""}, path("published"), "grpc", log_);
        const auto published = publisher.published();
        CPPUNIT_ASSERT_EQUAL(content(path("a.crt")), content(published.certificate));
        CPPUNIT_ASSERT(std::filesystem::status(published.key).permissions() ==
                       (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));

        std::filesystem::copy_file(path("b.key"), path("live.key"),
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::last_write_time(path("live.key"),
                                         std::filesystem::last_write_time(path("live.key")) + 5s);
        publisher.refresh(); // half a renewal: the key does not fit the certificate
        CPPUNIT_ASSERT_EQUAL(content(path("a.key")), content(published.key));
        CPPUNIT_ASSERT(logged_.find("the old ones stay") != std::string::npos);

        replace("b");
        publisher.refresh();
        CPPUNIT_ASSERT_EQUAL(content(path("b.crt")), content(published.certificate));
        CPPUNIT_ASSERT_EQUAL(content(path("b.key")), content(published.key));

        std::filesystem::remove_all(path("published")); // a cleaner of temporary files
        publisher.refresh();
        CPPUNIT_ASSERT_EQUAL(content(path("b.key")), content(published.key));
    }

    [[nodiscard]] std::size_t timesLogged(const std::string& words) const
    {
        std::size_t count = 0;
        for (auto at = logged_.find(words); at != std::string::npos; at = logged_.find(words, at + 1))
            ++count;
        return count;
    }

    void tellsOnceThatTlsFilesAreNotUsable()
    {
        makeCertificate("a");
        replace("a");
        TlsPublisher publisher({path("live.crt"), path("live.key"), ""}, path("published"), "grpc", log_);
        std::filesystem::remove(path("live.key"));
        std::filesystem::remove_all(path("published"));
        logged_.clear();
        for (int i = 0; i < 3; ++i)
            publisher.refresh();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(logged_, std::size_t{0}, timesLogged("the old ones stay"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(logged_, std::size_t{1}, timesLogged("vanished"));
        std::ofstream(path("live.key")) << "garbage"; // a change, and another reason
        for (int i = 0; i < 3; ++i)
            publisher.refresh();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(logged_, std::size_t{2}, timesLogged("vanished"));
        replace("a");
        publisher.refresh();
        CPPUNIT_ASSERT_EQUAL(content(path("a.key")), content(publisher.published().key));
        // One of the copies is as bad as all of them.
        std::filesystem::remove(publisher.published().key);
        publisher.refresh();
        CPPUNIT_ASSERT_EQUAL(content(path("a.key")), content(publisher.published().key));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ApiTest);

} // namespace
} // namespace teehost::api
