// SPDX-License-Identifier: Apache-2.0
//
// The machine service from a plugin's side: sdk::Call::fwCfg through the C tables to a MachineService and
// back.
#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"
#include "teehost/plugin.hpp"

namespace teehost::plugin::test {
namespace {

/// What verify of the plugin does. Static: the plugin is made by the host.
std::function<void(sdk::Call)> body;

class Curious final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = "curious",
                                       .version = "1.0.0",
                                       .vendor = "test",
                                       .license = "Apache-2.0",
                                       .summary = "Asks",
                                       .flags = TH_ROLE_ATTESTER};
    static constexpr std::array kVerifyChecks{
        sdk::Check{.id = "asked", .title = "Asked", .flags = TH_CHECK_REQUIRED}};

    explicit Curious(sdk::Call) {}
    static int recognise(const sdk::Blob&) { return 0; }
    void verify(sdk::Call call, const sdk::VerifyRequest&, sdk::Checks out) override
    {
        body(call);
        out.pass("asked");
    }
};

class FakeMachines final : public MachineService {
public:
    std::vector<FwCfgFile> fwCfg(const FwCfgRequest& request) override
    {
        asked.push_back(request);
        if (failure)
            throw *failure;
        return {{"etc/a", {1, 2, 3}}, {"etc/empty", {}}};
    }
    std::vector<FwCfgRequest> asked;
    std::optional<Error> failure;
};

class MachineTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MachineTest);
    CPPUNIT_TEST(handsArgumentsAndFilesThrough);
    CPPUNIT_TEST(tellsThePluginWhyItFailed);
    CPPUNIT_TEST(isAbsentWithoutAMachine);
    CPPUNIT_TEST_SUITE_END();

    KeptLog kept_;
    std::shared_ptr<FakeMachines> machines_ = std::make_shared<FakeMachines>();

    std::unique_ptr<Plugin> plugin()
    {
        auto made = std::make_unique<Plugin>(
            negotiate(sdk::Bridge<Curious>::entry, "/p.so", FileDigest(), kept_.log), kept_.log);
        made->serveMachine(machines_);
        made->create({});
        return made;
    }

    void handsArgumentsAndFilesThrough()
    {
        body = [](sdk::Call call) {
            CPPUNIT_ASSERT(call.canAskMachine());
            const auto files = call.fwCfg({"-machine", "q35"}, {"etc/a", "etc/empty", "etc/missing"});
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, files.size());
            CPPUNIT_ASSERT_EQUAL(std::string("etc/a"), files[0].name);
            CPPUNIT_ASSERT(files[0].content == std::vector<std::uint8_t>({1, 2, 3}));
            CPPUNIT_ASSERT(files[1].content.empty());
        };
        CPPUNIT_ASSERT(plugin()->verify({}, {}).accepted);
        const auto& asked = machines_->asked.at(0);
        CPPUNIT_ASSERT(asked.qemuArgs == std::vector<std::string>({"-machine", "q35"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, asked.names.size());
    }

    void tellsThePluginWhyItFailed()
    {
        machines_->failure = Error(Category::FailedPrecondition, "no such device");
        body = [this](sdk::Call call) {
            try {
                static_cast<void>(call.fwCfg({"-device", "x"}, {"etc/a"}));
                CPPUNIT_FAIL("it was answered");
            } catch (const sdk::Error& error) {
                CPPUNIT_ASSERT_EQUAL(th_status{TH_FAILED_PRECONDITION}, error.status());
                CPPUNIT_ASSERT_MESSAGE(error.what(), std::string(error.what()).ends_with(": no such device"));
            }
            machines_->failure.reset();
            CPPUNIT_ASSERT(!call.fwCfg({}, {"etc/a"}).empty()); // and goes on
        };
        CPPUNIT_ASSERT(plugin()->verify({}, {}).accepted);
    }

    void isAbsentWithoutAMachine()
    {
        machines_.reset();
        body = [](sdk::Call call) {
            CPPUNIT_ASSERT(!call.canAskMachine());
            static_cast<void>(call.fwCfg({}, {"etc/a"}));
        };
        expectError(Category::Unimplemented, "does not ask QEMU",
                    [this] { static_cast<void>(plugin()->verify({}, {})); });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MachineTest);

} // namespace
} // namespace teehost::plugin::test
