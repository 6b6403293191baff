// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/loader.h"
#include "support.h"

namespace teehost::plugin::test {

namespace fs = std::filesystem;

/// Works in the build tree: /tmp is a place where plugins are not to be, see refusesAStickyDirectory.
class LoaderTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LoaderTest);
    CPPUNIT_TEST(loadsAPluginAndCallsIt);
    CPPUNIT_TEST(loadsASecondPluginUnderItsOwnName);
    CPPUNIT_TEST(refusesTheBadAndTakesTheOthers);
    CPPUNIT_TEST(refusesBothOfTwoPluginsWithOneId);
    CPPUNIT_TEST(refusesSymbolicLinks);
    CPPUNIT_TEST(refusesWhatOthersCanWrite);
    CPPUNIT_TEST(refusesAStickyDirectory);
    CPPUNIT_TEST(refusesTheOwnersPluginsUnlessAllowed);
    CPPUNIT_TEST(refusesPathsThatAreNotPlain);
    CPPUNIT_TEST(refusesTheRunningProgram);
    CPPUNIT_TEST(passesOverWhatIsNotALibraryAndMissingDirectories);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        root_ = fs::path(TEEHOST_TEST_DIR) / "loader";
        fs::remove_all(root_);
        fs::create_directories(root_ / "plugins");
        fs::permissions(root_, fs::perms(0755));
        fs::permissions(root_ / "plugins", fs::perms(0755));
    }
    void tearDown() override { fs::remove_all(root_); }

private:
    static constexpr TrustPolicy kOwn{.allowOwn = true};

    fs::path put(const std::string& fixture, const std::string& name)
    {
        const fs::path target = root_ / "plugins" / name;
        fs::copy_file(fs::path(TEEHOST_FIXTURE_DIR) / fixture, target);
        fs::permissions(target, fs::perms(0755));
        return target;
    }
    Loaded load(const TrustPolicy& policy = kOwn)
    {
        return loadPlugins({(root_ / "plugins").string()}, policy, kept_.log);
    }
    void expectRefused(const Loaded& loaded, const fs::path& path, const std::string& words)
    {
        for (const Refusal& refusal : loaded.refused) {
            if (refusal.path == path.string()) {
                CPPUNIT_ASSERT_MESSAGE(refusal.reason, refusal.reason.find(words) != std::string::npos);
                CPPUNIT_ASSERT(kept_.contains("plugin refused"));
                return;
            }
        }
        CPPUNIT_FAIL(path.string() + " was not refused");
    }

    void loadsAPluginAndCallsIt()
    {
        const fs::path path = put("fixture-good.so", "a.so");
        const Loaded loaded = load();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(loaded.refused.empty() ? "" : loaded.refused[0].reason, std::size_t(1),
                                     loaded.plugins.size());
        Plugin* plugin = loaded.find("good");
        CPPUNIT_ASSERT(plugin != nullptr && loaded.find("bad") == nullptr);
        CPPUNIT_ASSERT_EQUAL(path.string(), plugin->info().path);
        CPPUNIT_ASSERT_EQUAL(std::size_t(64), plugin->info().sha256.hex().size());
        CPPUNIT_ASSERT(kept_.contains("plugin loaded"));
        loaded.tellDigests(kept_.log);
        CPPUNIT_ASSERT(kept_.contains(plugin->info().sha256.hex()));
        plugin->create({});
        VmFacts vm;
        vm.vcpus = 12;
        CPPUNIT_ASSERT((plugin->compose({}, vm).notes == Properties{{"vcpus", "12"}}));
        vm.vcpus = 13; // an exception of the plugin's, thrown in its library, is an Error of ours
        expectError(Category::Internal, "unlucky", [&] { (void)plugin->compose({}, vm); });
    }

    void loadsASecondPluginUnderItsOwnName()
    {
        // The descriptor of a loaded library stays open: were its number used again, the dynamic linker would
        // answer with the library that it knows under that name.
        put("fixture-good.so", "a.so");
        const Loaded first = load();
        fs::remove(root_ / "plugins" / "a.so");
        fs::copy_file(fs::path(TEEHOST_PLUGIN_DIR) / "plain-kvm.so", root_ / "plugins" / "b.so");
        const Loaded second = load();
        CPPUNIT_ASSERT(first.find("good") != nullptr && second.find("plain-kvm") != nullptr);
        CPPUNIT_ASSERT(second.find("good") == nullptr);
    }

    void refusesTheBadAndTakesTheOthers()
    {
        put("fixture-good.so", "m.so");
        const fs::path no_entry = put("fixture-no-entry.so", "a.so");
        const fs::path undefined = put("fixture-undefined.so", "b.so");
        const fs::path text = root_ / "plugins" / "z.so";
        std::ofstream(text) << "not ELF";
        fs::create_directory(root_ / "plugins" / "dir.so");
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo((root_ / "plugins" / "fifo.so").c_str(), 0600));
        const Loaded loaded = load();
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), loaded.plugins.size());
        expectRefused(loaded, no_entry, "no symbol teehost_plugin_entry");
        expectRefused(loaded, undefined, "teehost_no_such_function");
        expectRefused(loaded, text, text.string() + ": file too short");
        expectRefused(loaded, root_ / "plugins" / "dir.so", "not a regular file");
        expectRefused(loaded, root_ / "plugins" / "fifo.so", "not a regular file");
    }

    void refusesBothOfTwoPluginsWithOneId()
    {
        const fs::path one = put("fixture-good.so", "a.so");
        const fs::path two = put("fixture-good.so", "b.so");
        const Loaded loaded = load();
        CPPUNIT_ASSERT(loaded.plugins.empty());
        expectRefused(loaded, one, two.string());
        expectRefused(loaded, two, one.string());
    }

    void refusesSymbolicLinks()
    {
        const fs::path link = root_ / "plugins" / "a.so";
        fs::create_symlink(fs::path(TEEHOST_FIXTURE_DIR) / "fixture-good.so", link);
        expectRefused(load(), link, "symbolic link");
        fs::create_directory_symlink(root_ / "plugins", root_ / "other");
        const Loaded loaded = loadPlugins({(root_ / "other").string()}, kOwn, kept_.log);
        expectRefused(loaded, root_ / "other", "symbolic link");
    }

    void refusesWhatOthersCanWrite()
    {
        const fs::path path = put("fixture-good.so", "a.so");
        fs::permissions(path, fs::perms(0775));
        expectRefused(load(), path, "chmod go-w");
        fs::permissions(path, fs::perms(0757));
        expectRefused(load(), path, "written by its group or by others");
        fs::permissions(path, fs::perms(0755));
        CPPUNIT_ASSERT(load().find("good") != nullptr);
        fs::permissions(root_, fs::perms(0775)); // a directory above
        expectRefused(load(), root_ / "plugins", root_.string() + "\" can be written");
        fs::permissions(root_, fs::perms(0755));
        fs::permissions(root_ / "plugins", fs::perms(0777));
        expectRefused(load(), root_ / "plugins", "can be written");
    }

    void refusesAStickyDirectory()
    {
        struct stat tmp {};
        CPPUNIT_ASSERT_EQUAL(0, ::stat("/tmp", &tmp));
        if (tmp.st_uid != 0 || (tmp.st_mode & S_ISVTX) == 0)
            return; // an unusual /tmp says nothing here
        std::string name = "/tmp/teehost-loader-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(name.data()) != nullptr);
        fs::permissions(name, fs::perms(0755));
        const fs::path path = fs::path(name) / "a.so";
        fs::copy_file(fs::path(TEEHOST_FIXTURE_DIR) / "fixture-good.so", path);
        fs::permissions(path, fs::perms(0755));
        const Loaded strict = loadPlugins({name}, {}, kept_.log);
        const Loaded own = loadPlugins({name}, kOwn, kept_.log);
        const Loaded itself = loadPlugins({"/tmp"}, kOwn, kept_.log);
        fs::remove_all(name);
        expectRefused(strict, name, "\"/tmp\" can be written");
        CPPUNIT_ASSERT(own.find("good") != nullptr);
        expectRefused(itself, "/tmp", "can be written"); // on the way to plugins, but not as their directory
    }

    void refusesTheOwnersPluginsUnlessAllowed()
    {
        const fs::path path = put("fixture-good.so", "a.so");
        if (::geteuid() == 0)
            CPPUNIT_ASSERT_EQUAL(0, ::chown(path.c_str(), 65534, 65534)); // neither root nor us
        const Loaded loaded = load({.allowOwn = ::geteuid() == 0});
        CPPUNIT_ASSERT(loaded.plugins.empty());
        CPPUNIT_ASSERT(loaded.refused.at(0).reason.find("belongs to user") != std::string::npos);
    }

    void refusesPathsThatAreNotPlain()
    {
        for (const char* path : {"plugins", "", "./plugins", "/usr/../tmp", "/usr/./lib"}) {
            const Loaded loaded = loadPlugins({path}, kOwn, kept_.log);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, std::size_t(1), loaded.refused.size());
            CPPUNIT_ASSERT(loaded.refused[0].reason.find("plugin directory") != std::string::npos);
        }
    }

    void refusesTheRunningProgram()
    {
        const fs::path link = root_ / "plugins" / "a.so";
        fs::create_hard_link(fs::read_symlink("/proc/self/exe"), link);
        expectRefused(load(), link, "running program");
    }

    void passesOverWhatIsNotALibraryAndMissingDirectories()
    {
        std::ofstream(root_ / "plugins" / "README") << "x";
        fs::copy_file(fs::path(TEEHOST_FIXTURE_DIR) / "fixture-good.so", root_ / "plugins" / "good.so.old");
        const Loaded loaded =
            loadPlugins({(root_ / "plugins").string(), (root_ / "missing").string()}, kOwn, kept_.log);
        CPPUNIT_ASSERT(loaded.plugins.empty() && loaded.refused.empty());
        CPPUNIT_ASSERT(kept_.contains("does not exist"));
    }

    fs::path root_;
    KeptLog kept_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(LoaderTest);

} // namespace teehost::plugin::test
