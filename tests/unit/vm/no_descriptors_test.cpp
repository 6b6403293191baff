// SPDX-License-Identifier: Apache-2.0
//
// A daemon that has run out of file descriptors must refuse, and must neither record what it could not see
// nor leave behind what it has made.
#include <filesystem>
#include <functional>

#include <cppunit/extensions/HelperMacros.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/launch/vm_dirs.h"
#include "host/vm/ports.h"
#include "host/vm/process_identity.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::vm {
namespace {

/// No descriptor can be opened while it lives.
class NoDescriptors {
public:
    NoDescriptors()
    {
        CPPUNIT_ASSERT_EQUAL(0, ::getrlimit(RLIMIT_NOFILE, &before_));
        const rlimit none{0, before_.rlim_max};
        CPPUNIT_ASSERT_EQUAL(0, ::setrlimit(RLIMIT_NOFILE, &none));
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

class NoDescriptorsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(NoDescriptorsTest);
    CPPUNIT_TEST(noProcessIsRecordedUnseen);
    CPPUNIT_TEST(noPortIsCalledTaken);
    CPPUNIT_TEST(aHalfMadeVmLeavesNothing);
    CPPUNIT_TEST_SUITE_END();

    static void expectExhausted(const std::function<void()>& body)
    {
        std::string words;
        Category category{};
        {
            const NoDescriptors none;
            try {
                body();
            } catch (const Error& error) {
                words = describe(error);
                category = error.category();
            }
        }
        CPPUNIT_ASSERT_MESSAGE("\"" + words + "\"", category == Category::ResourceExhausted);
        CPPUNIT_ASSERT_MESSAGE(words, words.find("open files") != std::string::npos ||
                                          words.find("raise the limit") != std::string::npos);
    }

    void noProcessIsRecordedUnseen()
    {
        static_cast<void>(bootId());
        expectExhausted([] { static_cast<void>(identityOf(::getpid())); });
        CPPUNIT_ASSERT(identityOf(::getpid()).startTicks != 0);
    }

    void noPortIsCalledTaken()
    {
        PortPool pool({20000, 20000}, "127.0.0.1");
        expectExhausted([&] { static_cast<void>(pool.take()); });
    }

    /// With an owner each directory is opened once it is made.
    void aHalfMadeVmLeavesNothing()
    {
        const launch::ScratchDir scratch;
        const launch::HostDirs dirs{scratch.path() / "s", scratch.path() / "r", scratch.path() / "l"};
        launch::prepareHostDirs(dirs, false);
        std::filesystem::create_directories(dirs.log);
        const launch::Account self{::getuid(), ::getgid(), {}};
        expectExhausted([&] { const launch::VmDirs made(dirs, VmId::random(), self); });
        for (const auto& parent : {dirs.state / "vm", dirs.runtime / "vm", dirs.log})
            CPPUNIT_ASSERT_MESSAGE(parent.string(), std::filesystem::is_empty(parent));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(NoDescriptorsTest);

} // namespace
} // namespace teehost::vm
