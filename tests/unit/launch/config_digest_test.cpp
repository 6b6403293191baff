// SPDX-License-Identifier: Apache-2.0
#include "host/launch/config_digest.h"

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/text.h"
#include "host/launch/agent_environment.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::launch {
namespace {

using namespace std::chrono_literals;

/// The lines of docs/attestation.md, "What host data binds".
constexpr const char* kShell = R"sh(
digest() { if [ -e "$1" ]; then sha256sum < "$1" | cut -d ' ' -f 1; else echo -; fi; }
{ echo teehost-config/1
  for part in kernel initrd cmdline environment cert.pem ca.pem; do echo "$part $(digest $part)"; done
} | sha256sum | cut -d ' ' -f 1)sh";

class ConfigDigestTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConfigDigestTest);
    CPPUNIT_TEST(isWhatTheDocumentedShellLinesCompute);
    CPPUNIT_TEST(changesWithEverythingThatIsBound);
    CPPUNIT_TEST(knowsNoSecret);
    CPPUNIT_TEST(saysWhatItCannotRead);
    CPPUNIT_TEST_SUITE_END();

    ScratchDir dir_;

    static VmRequest request()
    {
        VmRequest out;
        out.agent.logLevel = "debug";
        out.agent.serverUrl = "host:7001";
        out.agent.awsRegion = "eu";
        out.agent.certsToken = Secret("token");
        out.agent.awsAccessKeyId = Secret("id");
        out.agent.awsSecretAccessKey = Secret("secret");
        out.agent.clientKey = Secret("KEY\n");
        out.agent.clientCert = Secret("CERT\n");
        out.agent.serverCaCert = Secret("CA\n");
        return out;
    }
    VmSpec spec() const
    {
        VmSpec out;
        out.id = *VmId::parse("3f2a9c10-0000-4000-8000-000000000001");
        out.kernel = dir_.write("kernel", std::string(200'000, 'k'));
        out.initrd = dir_.write("initrd", "initrd");
        out.cmdline = "quiet console=null";
        return out;
    }
    static std::string digest(const VmSpec& spec, const VmRequest& request)
    {
        return toHex(configDigest(spec, agentFiles(spec.id, request)));
    }
    std::string byShell() const
    {
        const auto ran = runHelper({"sh", "-c", "cd \"$0\" && " + std::string(kShell), dir_.path()}, 30s);
        CPPUNIT_ASSERT_MESSAGE(ran.output, ran.ok());
        return std::string(trim(ran.output));
    }

    void isWhatTheDocumentedShellLinesCompute()
    {
        const auto vm = spec();
        dir_.write("cmdline", vm.cmdline);
        dir_.write("cert.pem", "CERT\n");
        dir_.write("ca.pem", "CA\n");
        dir_.write("environment", "AGENT_CVM_CA_URL=\n"
                                  "AGENT_CVM_GRPC_CLIENT_CERT=/etc/certs/cert.pem\n"
                                  "AGENT_CVM_GRPC_CLIENT_KEY=/etc/certs/key.pem\n"
                                  "AGENT_CVM_GRPC_SERVER_CA_CERTS=/etc/certs/ca.pem\n"
                                  "AGENT_CVM_GRPC_URL=host:7001\n"
                                  "AGENT_CVM_ID=3f2a9c10-0000-4000-8000-000000000001\n"
                                  "AGENT_LOG_LEVEL=debug\n"
                                  "AWS_REGION=eu\n");
        CPPUNIT_ASSERT_EQUAL(byShell(), digest(vm, request()));

        const ScratchDir empty; // a VM that boots from a disk: nothing but its environment
        VmSpec bare;
        bare.id = vm.id;
        empty.write("environment", "AGENT_CVM_CA_URL=\nAGENT_CVM_GRPC_URL=\n"
                                   "AGENT_CVM_ID=3f2a9c10-0000-4000-8000-000000000001\nAGENT_LOG_LEVEL=\n");
        const auto ran = runHelper({"sh", "-c", "cd \"$0\" && " + std::string(kShell), empty.path()}, 30s);
        CPPUNIT_ASSERT_EQUAL(std::string(trim(ran.output)), digest(bare, {}));
    }

    void changesWithEverythingThatIsBound()
    {
        const auto same = digest(spec(), request());
        CPPUNIT_ASSERT_EQUAL(same, digest(spec(), request()));
        const auto changedSpec = [&](auto change) {
            auto other = spec();
            change(other);
            CPPUNIT_ASSERT(digest(other, request()) != same);
        };
        changedSpec([&](auto& s) { s.kernel = dir_.write("kernel2", std::string(199'999, 'k')); });
        changedSpec([&](auto& s) { s.initrd = ""; });
        changedSpec([&](auto& s) { std::swap(s.initrd, s.kernel); });
        changedSpec([&](auto& s) { s.cmdline += " "; });
        changedSpec([&](auto& s) { s.id = VmId::random(); });
        const auto changedRequest = [&](auto change) {
            auto other = request();
            change(other.agent);
            CPPUNIT_ASSERT(digest(spec(), other) != same);
        };
        changedRequest([](auto& a) { a.serverUrl = "other:7001"; });
        changedRequest([](auto& a) { a.awsRegion = "us"; });
        changedRequest([](auto& a) { a.clientCert = Secret("CERT"); });
        changedRequest([](auto& a) { a.serverCaCert = Secret("another CA\n"); });
    }

    void knowsNoSecret()
    {
        const auto same = digest(spec(), request());
        const auto unchanged = [&](auto change) {
            auto other = request();
            change(other.agent);
            CPPUNIT_ASSERT_EQUAL(same, digest(spec(), other));
        };
        unchanged([](auto& a) { a.certsToken = Secret("another"); });
        unchanged([](auto& a) { a.awsAccessKeyId = Secret("another"); });
        unchanged([](auto& a) { a.awsSecretAccessKey = Secret("another"); });
        unchanged([](auto& a) { a.clientKey = Secret("ANOTHER KEY\n"); });
    }

    void saysWhatItCannotRead()
    {
        auto vm = spec();
        vm.kernel = "/nonexistent/bzImage";
        try {
            static_cast<void>(configDigest(vm, {}));
            CPPUNIT_FAIL("there is no such kernel");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(error.category() == Category::FailedPrecondition);
            CPPUNIT_ASSERT(error.message().find("cannot open \"/nonexistent/bzImage\"") !=
                           std::string_view::npos);
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ConfigDigestTest);

} // namespace
} // namespace teehost::launch
