// SPDX-License-Identifier: Apache-2.0
//
// manager.ManagerService as a client of the Cocos Manager sees it, down to what the guest was given.
#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/proc.h"
#include "support/selftest.h"

namespace teehost::test {
namespace {

constexpr const char* kUnknownId = "4f6c1f5e-93a0-4a52-9d0e-5f3f0a6f1c11";

manager::CreateReq fullRequest(const std::string& who)
{
    manager::CreateReq request;
    request.set_agent_log_level("debug");
    request.set_agent_cvm_server_ca_cert("-----BEGIN CERTIFICATE-----\nca of " + who +
                                         "\n-----END CERTIFICATE-----\n");
    request.set_agent_cvm_client_key("-----BEGIN PRIVATE KEY-----\nkey of " + who +
                                     "\n-----END PRIVATE KEY-----\n");
    request.set_agent_cvm_client_cert("-----BEGIN CERTIFICATE-----\n" + who +
                                      "\n-----END CERTIFICATE-----\n");
    request.set_agent_cvm_server_url(who + ".invalid:7011");
    request.set_agent_cvm_ca_url("https://ca.example.com/" + who);
    request.set_ttl("1h30m");
    request.set_agent_certs_token("token of " + who + " = with an equals sign and 'quotes'");
    request.set_aws_access_key_id("AKIA" + who);
    request.set_aws_secret_access_key("secret/of+" + who);
    request.set_aws_endpoint_url("https://s3.example.com");
    request.set_aws_region("eu-central-1");
    request.set_aa_kbs_params("cc_kbc::https://kbs.example.com/" + who);
    return request;
}

/// What the guest must have got for that request.
Selftest expectedSelftest(const manager::CreateReq& request, const std::string& id)
{
    const std::map<std::string, std::string> values{
        {"AGENT_LOG_LEVEL", request.agent_log_level()},
        {"AGENT_CVM_GRPC_URL", request.agent_cvm_server_url()},
        {"AGENT_CVM_ID", id},
        {"AGENT_CERTS_TOKEN", request.agent_certs_token()},
        {"AGENT_CVM_CA_URL", request.agent_cvm_ca_url()},
        {"AGENT_CVM_GRPC_CLIENT_CERT", "/etc/certs/cert.pem"},
        {"AGENT_CVM_GRPC_CLIENT_KEY", "/etc/certs/key.pem"},
        {"AGENT_CVM_GRPC_SERVER_CA_CERTS", "/etc/certs/ca.pem"},
        {"AWS_ACCESS_KEY_ID", request.aws_access_key_id()},
        {"AWS_SECRET_ACCESS_KEY", request.aws_secret_access_key()},
        {"AWS_ENDPOINT_URL", request.aws_endpoint_url()},
        {"AWS_REGION", request.aws_region()}};
    Selftest expected;
    for (const auto& [name, value] : values)
        expected.environment[name] = sha256(value);
    expected.certificates = {{"ca.pem", {"0600", sha256(request.agent_cvm_server_ca_cert())}},
                             {"cert.pem", {"0600", sha256(request.agent_cvm_client_cert())}},
                             {"key.pem", {"0600", sha256(request.agent_cvm_client_key())}}};
    return expected;
}

void requireSame(const Selftest& expected, const Selftest& found)
{
    CPPUNIT_ASSERT(found.complete);
    for (const auto& [name, digest] : expected.environment)
        CPPUNIT_ASSERT_MESSAGE(name,
                               found.environment.contains(name) && found.environment.at(name) == digest);
    CPPUNIT_ASSERT_EQUAL(expected.environment.size(), found.environment.size());
    for (const auto& [name, file] : expected.certificates)
        CPPUNIT_ASSERT_MESSAGE(name,
                               found.certificates.contains(name) && found.certificates.at(name) == file);
    CPPUNIT_ASSERT_EQUAL(expected.certificates.size(), found.certificates.size());
}

class ManagerTest final : public HostTest {
    CPPUNIT_TEST_SUITE(ManagerTest);
    CPPUNIT_TEST(handsEverythingOfARequestToTheGuest);
    CPPUNIT_TEST(keepsTwoVmsApart);
    CPPUNIT_TEST(describesWhatAVmWouldGet);
    CPPUNIT_TEST(takesAnEmptyRequest);
    CPPUNIT_TEST_SUITE_END();

    manager::CreateRes create(const manager::CreateReq& request)
    {
        const auto answer = client().ask(&Manager::CreateVm, request);
        client().waitForState(answer.cvm_id(), v1::VM_STATE_RUNNING);
        return answer;
    }

    grpc::Status remove(const std::string& id)
    {
        manager::RemoveReq request;
        request.set_cvm_id(id);
        return client().call(&Manager::RemoveVm, request).status;
    }

    Answer<manager::CVMInfoRes> info(const std::string& id)
    {
        manager::CVMInfoReq request;
        request.set_id(id);
        return client().call(&Manager::CVMInfo, request);
    }

    void handsEverythingOfARequestToTheGuest()
    {
        startDaemon({{"qemu.kernel.cmdline", quickCmdline("teehost.selftest=1")}});
        const auto request = fullRequest("alice");
        const auto vm = create(request);
        CPPUNIT_ASSERT(isHealthy("127.0.0.1:" + vm.forwarded_port()));
        requireSame(expectedSelftest(request, vm.cvm_id()), parseSelftest(client().console(vm.cvm_id())));

        const auto cmdline =
            quickCmdline("teehost.selftest=1 agent.aa_kbc_params=cc_kbc::https://kbs.example.com/alice");
        const auto argv = argvOf(client().getVm(vm.cvm_id()).pid());
        const auto append = std::find(argv.begin(), argv.end(), "-append");
        CPPUNIT_ASSERT(append != argv.end());
        CPPUNIT_ASSERT_EQUAL(cmdline, append[1]);
        const auto described = info(vm.cvm_id());
        requireOk(described.status);
        CPPUNIT_ASSERT_EQUAL(vm.cvm_id(), described.body.id());
        CPPUNIT_ASSERT_EQUAL(cmdline, described.body.kernel_cmd());
        CPPUNIT_ASSERT_EQUAL(1, described.body.cpu_num());

        manager::AttestationPolicyReq policy;
        policy.set_id(vm.cvm_id());
        requireStatus(client().call(&Manager::AttestationPolicy, policy).status,
                      grpc::StatusCode::UNIMPLEMENTED, "no attestation policies yet");

        requireOk(remove(vm.cvm_id()));
        assertClean();
        requireStatus(remove(vm.cvm_id()), grpc::StatusCode::NOT_FOUND, "there is no VM");
        requireStatus(info(vm.cvm_id()).status, grpc::StatusCode::NOT_FOUND, "there is no VM");
    }

    void keepsTwoVmsApart()
    {
        startDaemon({{"qemu.kernel.cmdline", quickCmdline("teehost.selftest=1")}});
        const auto alices = fullRequest("alice");
        const auto bobs = fullRequest("bob");
        const auto first = client().ask(&Manager::CreateVm, alices);
        const auto second = client().ask(&Manager::CreateVm, bobs);
        CPPUNIT_ASSERT(first.forwarded_port() != second.forwarded_port());
        CPPUNIT_ASSERT(first.cvm_id() != second.cvm_id());
        for (const auto& [vm, request] : {std::pair(first, alices), std::pair(second, bobs)}) {
            client().waitForState(vm.cvm_id(), v1::VM_STATE_RUNNING);
            CPPUNIT_ASSERT(isHealthy("127.0.0.1:" + vm.forwarded_port()));
            requireSame(expectedSelftest(request, vm.cvm_id()), parseSelftest(client().console(vm.cvm_id())));
        }
        requireOk(remove(first.cvm_id()));
        CPPUNIT_ASSERT(isHealthy("127.0.0.1:" + second.forwarded_port()));
        requireOk(remove(second.cvm_id()));
        assertClean();
    }

    void describesWhatAVmWouldGet()
    {
        startDaemon({{"guest.eos_version", "3.1"}, {"ovmf.version", "2022.11"}, {"qemu.cpu", "max"}});
        const auto defaults = info("");
        requireOk(defaults.status);
        CPPUNIT_ASSERT_EQUAL(std::string(), defaults.body.id());
        CPPUNIT_ASSERT_EQUAL(std::string("2022.11"), defaults.body.ovmf_version());
        CPPUNIT_ASSERT_EQUAL(std::string("3.1"), defaults.body.eos_version());
        CPPUNIT_ASSERT_EQUAL(std::string("max"), defaults.body.cpu_type());
        CPPUNIT_ASSERT_EQUAL(quickCmdline(), defaults.body.kernel_cmd());
        CPPUNIT_ASSERT_EQUAL(1, defaults.body.cpu_num());
        requireStatus(info(kUnknownId).status, grpc::StatusCode::NOT_FOUND, kUnknownId);
        requireStatus(remove(kUnknownId), grpc::StatusCode::NOT_FOUND, kUnknownId);
        requireStatus(remove(""), grpc::StatusCode::INVALID_ARGUMENT, "cvm_id");
        for (const std::string id : {"x", "../../etc", "4F6C1F5E-93A0-4A52-9D0E-5F3F0A6F1C11"}) {
            requireStatus(info(id).status, grpc::StatusCode::NOT_FOUND, "");
            requireStatus(remove(id), grpc::StatusCode::NOT_FOUND, "");
        }
        manager::AttestationPolicyReq policy;
        policy.set_id(kUnknownId);
        requireStatus(client().call(&Manager::AttestationPolicy, policy).status, grpc::StatusCode::NOT_FOUND,
                      kUnknownId);
    }

    /// The manager's clients may leave everything to the daemon.
    void takesAnEmptyRequest()
    {
        startDaemon({{"qemu.kernel.cmdline", quickCmdline("teehost.selftest=1")}});
        const auto vm = create({});
        const auto found = parseSelftest(client().console(vm.cvm_id()));
        Selftest expected;
        for (const auto* name :
             {"AGENT_LOG_LEVEL", "AGENT_CVM_GRPC_URL", "AGENT_CERTS_TOKEN", "AGENT_CVM_CA_URL"})
            expected.environment[name] = sha256("");
        expected.environment["AGENT_CVM_ID"] = sha256(vm.cvm_id());
        requireSame(expected, found);
        CPPUNIT_ASSERT(!client().getVm(vm.cvm_id()).has_deadline());
        requireOk(remove(vm.cvm_id()));
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ManagerTest);

} // namespace
} // namespace teehost::test
