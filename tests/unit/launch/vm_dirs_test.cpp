// SPDX-License-Identifier: Apache-2.0
#include "host/launch/vm_dirs.h"

#include <cppunit/extensions/HelperMacros.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/error.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::launch {
namespace {

namespace fs = std::filesystem;

class VmDirsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VmDirsTest);
    CPPUNIT_TEST(filesArePrivateFromTheStart);
    CPPUNIT_TEST(nothingIsLeftOnceRemoved);
    CPPUNIT_TEST(copiesKeepHoles);
    CPPUNIT_TEST(refusesDirectoriesOthersCanReach);
    CPPUNIT_TEST(extrasNeverReplaceTheDaemonsFiles);
    CPPUNIT_TEST(namesWhatIsNotShared);
    CPPUNIT_TEST(makesVanishedDirectoriesAgain);
    CPPUNIT_TEST(theSameVmTwiceIsAnError);
    CPPUNIT_TEST_SUITE_END();

    ScratchDir scratch_;

    HostDirs dirs() const
    {
        return {scratch_.path() / "state", scratch_.path() / "run", scratch_.path() / "log"};
    }

    static mode_t mode(const fs::path& path)
    {
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL_MESSAGE(path.string(), 0, ::lstat(path.c_str(), &status));
        return status.st_mode & 07777;
    }

    void filesArePrivateFromTheStart()
    {
        prepareHostDirs(dirs());
        const mode_t before = ::umask(0);
        const VmDirs vm(dirs(), VmId::random(), std::nullopt);
        vm.writeShares({{{"environment", Secret("A=b\n")}}, {{"key.pem", Secret("k")}}});
        plugin::FilePlan planned;
        planned.name = "planned";
        planned.mode = 0644;
        vm.writePlanned({planned});
        const UniqueFd qmp = vm.listenQmp();
        ::umask(before);
        for (const auto& path : {vm.paths().run, vm.paths().envShare(), vm.paths().certsShare(),
                                 vm.paths().state, vm.paths().log})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path.string(), mode_t{0700}, mode(path));
        for (const auto& path : {vm.paths().envShare() / "environment", vm.paths().certsShare() / "key.pem",
                                 vm.paths().qmpSocket(), vm.paths().run / "planned"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path.string(), mode_t{0600}, mode(path));
    }

    void nothingIsLeftOnceRemoved()
    {
        prepareHostDirs(dirs());
        const auto id = VmId::random();
        {
            const VmDirs vm(dirs(), id, std::nullopt);
            vm.writeShares({{{"environment", Secret("A=b\n")}}, {}});
            vm.createLogs();
        }
        // The VM outlives the daemon; the next one removes what this one made.
        CPPUNIT_ASSERT(!fs::is_empty(dirs().runtime / "vm"));
        CPPUNIT_ASSERT_EQUAL(std::string(), VmDirs::existing(dirs(), id, std::nullopt).remove());
        CPPUNIT_ASSERT(fs::is_empty(dirs().runtime / "vm"));
        CPPUNIT_ASSERT(fs::is_empty(dirs().state / "vm"));
        const VmPaths paths(dirs(), id);
        CPPUNIT_ASSERT(fs::exists(paths.consoleLog()));
        VmDirs::removeLogs(paths);
        CPPUNIT_ASSERT(!fs::exists(paths.log));
    }

    void copiesKeepHoles()
    {
        prepareHostDirs(dirs());
        const auto source = scratch_.path() / "sparse";
        {
            const UniqueFd fd(::open(source.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
            CPPUNIT_ASSERT(::ftruncate(fd.get(), 64 << 20) == 0 &&
                           ::pwrite(fd.get(), "end", 3, 48 << 20) == 3);
        }
        const VmDirs vm(dirs(), VmId::random(), std::nullopt);
        const auto target = vm.paths().state / "copy";
        vm.copyFile(source.string(), target);
        struct stat status {};
        ::stat(target.c_str(), &status);
        CPPUNIT_ASSERT_EQUAL(off_t{64 << 20}, status.st_size);
        CPPUNIT_ASSERT_MESSAGE("the copy is not sparse", status.st_blocks * 512 < (8 << 20));
        std::ifstream in(target);
        in.seekg(48 << 20);
        std::string text(3, ' ');
        in.read(text.data(), 3);
        CPPUNIT_ASSERT_EQUAL(std::string("end"), text);
        CPPUNIT_ASSERT_THROW(vm.copyFile("/dev/zero", vm.paths().state / "endless"), Error);
    }

    void refusesDirectoriesOthersCanReach()
    {
        fs::create_directories(dirs().state);
        ::chmod(dirs().state.c_str(), 0777);
        CPPUNIT_ASSERT_THROW(prepareHostDirs(dirs()), Error);
        ::chmod(dirs().state.c_str(), 0700);
        fs::create_directory_symlink(dirs().state, dirs().runtime);
        CPPUNIT_ASSERT_THROW(prepareHostDirs(dirs()), Error);
        fs::remove(dirs().runtime);
        prepareHostDirs(dirs());
    }

    void extrasNeverReplaceTheDaemonsFiles()
    {
        prepareHostDirs(dirs());
        const auto extra = scratch_.path() / "extra";
        fs::create_directories(extra / "subdirectory");
        std::ofstream(extra / "environment") << "EVIL=1\n";
        std::ofstream(extra / "more") << "more";
        const VmDirs vm(dirs(), VmId::random(), std::nullopt);
        vm.writeShares({{{"environment", Secret("A=b\n")}}, {}});
        vm.copyExtras(extra.string(), vm.paths().envShare());
        std::string text;
        std::ifstream(vm.paths().envShare() / "environment") >> text;
        CPPUNIT_ASSERT_EQUAL(std::string("A=b"), text);
        CPPUNIT_ASSERT(fs::exists(vm.paths().envShare() / "more"));
        CPPUNIT_ASSERT(!fs::exists(vm.paths().envShare() / "subdirectory"));
        CPPUNIT_ASSERT_THROW(vm.copyExtras("/no/such", vm.paths().envShare()), Error);
    }

    /// The Cocos Manager shares the directory itself, so an operator may count on what lies deeper.
    void namesWhatIsNotShared()
    {
        prepareHostDirs(dirs());
        const auto extra = scratch_.path() / "extra";
        fs::create_directories(extra / "sub");
        std::ofstream(extra / "a, b") << "1";
        std::ofstream(extra / "sub/inner") << "2";
        fs::create_symlink(extra / "sub/inner", extra / "link");
        fs::create_symlink("/no/such", extra / "dangling");
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo((extra / "fi\nfo").c_str(), 0600));
        const std::vector<std::string> expected{"dangling (a link to nothing)", "fi\\x0afo (a FIFO)",
                                                "sub (a directory)"};
        CPPUNIT_ASSERT(expected == unsharable(extra.string()));
        const VmDirs vm(dirs(), VmId::random(), std::nullopt);
        vm.copyExtras(extra.string(), vm.paths().envShare());
        CPPUNIT_ASSERT(fs::exists(vm.paths().envShare() / "a, b"));
        CPPUNIT_ASSERT(fs::is_regular_file(fs::symlink_status(vm.paths().envShare() / "link")));
        CPPUNIT_ASSERT(unsharable("/no/such").empty());
    }

    void makesVanishedDirectoriesAgain()
    {
        prepareHostDirs(dirs());
        for (const auto& gone : {dirs().runtime, dirs().runtime / "vm", dirs().log, dirs().state / "vm"}) {
            fs::remove_all(gone);
            const VmDirs vm(dirs(), VmId::random(), std::nullopt);
            CPPUNIT_ASSERT_EQUAL(mode_t{0700}, mode(gone));
            CPPUNIT_ASSERT(fs::exists(vm.paths().envShare()));
        }
    }

    void theSameVmTwiceIsAnError()
    {
        prepareHostDirs(dirs());
        const auto id = VmId::random();
        const VmDirs vm(dirs(), id, std::nullopt);
        CPPUNIT_ASSERT_THROW(VmDirs(dirs(), id, std::nullopt), Error);
        CPPUNIT_ASSERT_MESSAGE("the second one took the first one's files", fs::exists(vm.paths().run));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VmDirsTest);

} // namespace
} // namespace teehost::launch
