// SPDX-License-Identifier: Apache-2.0
//
// What a confidential backend is told to bind into a VM's evidence.
#include <filesystem>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"
#include "support/proc.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;

class HostDataTest final : public HostTest {
    CPPUNIT_TEST_SUITE(HostDataTest);
    CPPUNIT_TEST(givesAConfidentialBackendWhatToBind);
    CPPUNIT_TEST(isPartOfWhatTheSameRequestMeans);
    CPPUNIT_TEST(refusesWhatNobodyWouldBind);
    CPPUNIT_TEST_SUITE_END();

    void startSealed()
    {
        const auto directory = stage().scratch / "plugins";
        fs::create_directory(directory);
        for (const fs::path plugin : {TEEHOST_TEST_SEALED_PLUGIN, TEEHOST_TEST_PLAIN_KVM})
            fs::copy_file(plugin, directory / plugin.filename());
        startDaemon({{"plugins.dir", directory}, {"backend", "sealed"}});
    }

    static v1::CreateVmRequest request(const std::string& hostData, const std::string& key = {})
    {
        v1::CreateVmRequest request;
        request.set_host_data(hostData);
        request.set_idempotency_key(key);
        request.mutable_agent()->set_certs_token("canary-token");
        return request;
    }

    /// What `name` has on QEMU's command line; empty when it is not there.
    static std::string shown(const v1::Vm& vm, const std::string& name)
    {
        const std::string start = "name=opt/teehost/" + name + ",string=";
        for (const auto& argument : argvOf(vm.pid()))
            if (argument.starts_with(start))
                return argument.substr(start.size());
        return {};
    }

    void givesAConfidentialBackendWhatToBind()
    {
        startSealed();
        const auto vm = client().createVm(request(std::string("\x00\xff", 2)));
        CPPUNIT_ASSERT_EQUAL(std::string("00ff"), shown(vm, "host-data"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{64}, shown(vm, "config").size());
        const auto other = client().createVm(request(""));
        CPPUNIT_ASSERT_EQUAL(std::string(), shown(other, "host-data"));
        // The id of the VM is part of its environment.
        CPPUNIT_ASSERT(shown(other, "config") != shown(vm, "config"));
        client().removeVm(vm.id());
        client().removeVm(other.id());
        assertClean();
    }

    void isPartOfWhatTheSameRequestMeans()
    {
        startSealed();
        const auto vm = client().createVm(request("a", "once"));
        CPPUNIT_ASSERT_EQUAL(vm.id(), client().createVm(request("a", "once")).id());
        const auto other = client().call(&Host::CreateVm, request("b", "once"));
        requireStatus(other.status, grpc::StatusCode::ALREADY_EXISTS, "was used for another request");
        client().removeVm(vm.id());
    }

    void refusesWhatNobodyWouldBind()
    {
        startSealed();
        auto plain = request("a");
        plain.set_backend("plain-kvm");
        requireStatus(client().call(&Host::CreateVm, plain).status, grpc::StatusCode::INVALID_ARGUMENT,
                      "host_data: the backend plain-kvm has no evidence to bind it into");
        requireStatus(client().call(&Host::CreateVm, request(std::string(64 * 1024 + 1, 'x'))).status,
                      grpc::StatusCode::INVALID_ARGUMENT, "host_data: is longer than 64K");
        assertClean();
        CPPUNIT_ASSERT(client().listVms(true).empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HostDataTest);

} // namespace
} // namespace teehost::test
