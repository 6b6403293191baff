// SPDX-License-Identifier: Apache-2.0
#include "host/vm/ahead_pool.h"

#include <fstream>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::vm {
namespace {

namespace fs = std::filesystem;

plugin::SensitiveBytes bytes(std::string_view text) { return {text.begin(), text.end()}; }
std::string text(const plugin::FilePlan& file) { return {file.content.begin(), file.content.end()}; }

/// A fragment with a step that may be run ahead, for a VM in `run`, and a companion.
plugin::Fragment fragmentFor(const std::string& run, const std::string& banks = "sha256")
{
    plugin::Fragment out;
    plugin::SidecarPlan step;
    step.name = "setup";
    step.argv = {"make", "dir://" + run, "--banks", banks};
    step.env = {{"HOME", run + "/home"}};
    step.ready = plugin::SidecarPlan::Ready::ExitZero;
    step.ahead = true;
    plugin::SidecarPlan companion;
    companion.name = "run";
    companion.argv = {"run", run};
    out.sidecars = {step, companion};
    out.files = {{"conf", "", bytes("a = " + run + "/x\nb = " + run + "\n"), 0600, false, false, false}};
    return out;
}

class AheadPoolTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AheadPoolTest);
    CPPUNIT_TEST(findsTheStepsThatMayBeRunAhead);
    CPPUNIT_TEST(leavesOutWhatHasSecretsOrSources);
    CPPUNIT_TEST(putsAnotherDirectoryInThePlaceOfTheVms);
    CPPUNIT_TEST(givesEachToOneVm);
    CPPUNIT_TEST(takesBackWhatCameToNoVm);
    CPPUNIT_TEST(takesBackNoMoreThanItKeeps);
    CPPUNIT_TEST(removesWhatTheVmDoesNotAskFor);
    CPPUNIT_TEST(movesResultsAndLeavesThePlannedFiles);
    CPPUNIT_TEST(doesNotMoveOverWhatIsThere);
    CPPUNIT_TEST(saysWhenResultsHaveVanished);
    CPPUNIT_TEST_SUITE_END();

    launch::ScratchDir scratch_;
    launch::HostDirs dirs_{scratch_.path() / "s", scratch_.path() / "r", scratch_.path() / "l"};
    asio::io_context io_;
    Workers threads_{1};
    const Log log_{LogLevel::Error, [](LogLevel, const std::string&) {}};
    std::shared_ptr<AheadPool> pool_ = std::make_shared<AheadPool>(io_, threads_, 1, log_);

    static void write(const fs::path& path, const std::string& content) { std::ofstream(path) << content; }
    static std::string read(const fs::path& path)
    {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    MadeAhead make(const std::string& backend = "plain-kvm")
    {
        launch::prepareHostDirs(dirs_, false);
        const auto id = VmId::random();
        const auto work = aheadWorkOf({fragmentFor(launch::VmPaths(dirs_, id).run)});
        return {id, backend, work, launch::VmDirs::ahead(dirs_, id, {}), {}};
    }

    void findsTheStepsThatMayBeRunAhead()
    {
        const auto work = aheadWorkOf({plugin::Fragment(), fragmentFor("/run/vm/a")});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, work.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, work[0].steps.size());
        CPPUNIT_ASSERT_EQUAL(std::string("setup"), work[0].steps[0].name);
        CPPUNIT_ASSERT(work == aheadWorkOf({fragmentFor("/run/vm/a")}));
        CPPUNIT_ASSERT(work != aheadWorkOf({fragmentFor("/run/vm/b")}));
        CPPUNIT_ASSERT(work != aheadWorkOf({fragmentFor("/run/vm/a", "sha384")}));
        auto changed = fragmentFor("/run/vm/a");
        changed.files[0].content.push_back('x');
        CPPUNIT_ASSERT(work != aheadWorkOf({changed}));
    }

    void leavesOutWhatHasSecretsOrSources()
    {
        auto secret = fragmentFor("/run/vm/a"), copied = secret;
        secret.files[0].sensitive = true;
        copied.files.push_back({"copy", "/etc/hostname", {}, 0600, false, false, false});
        CPPUNIT_ASSERT(aheadWorkOf({secret, copied}).empty());
    }

    void putsAnotherDirectoryInThePlaceOfTheVms()
    {
        const auto work = aheadWorkOf({fragmentFor("/run/vm/a")});
        const auto there = relocated(work.at(0), "/run/vm/a", "/run/ahead/a");
        CPPUNIT_ASSERT_EQUAL(std::string("dir:///run/ahead/a"), there.steps[0].argv[1]);
        CPPUNIT_ASSERT_EQUAL(std::string("sha256"), there.steps[0].argv[3]);
        CPPUNIT_ASSERT_EQUAL(std::string("/run/ahead/a/home"), there.steps[0].env[0].value);
        CPPUNIT_ASSERT_EQUAL(std::string("a = /run/ahead/a/x\nb = /run/ahead/a\n"), text(there.files[0]));
        CPPUNIT_ASSERT(relocated(there, "/run/ahead/a", "/run/vm/a") == work[0]);
    }

    void givesEachToOneVm()
    {
        pool_->add(make());
        CPPUNIT_ASSERT(!pool_->reserve("another").id());
        auto first = pool_->reserve("plain-kvm");
        const auto id = first.id();
        CPPUNIT_ASSERT(id.has_value());
        CPPUNIT_ASSERT(!pool_->reserve("plain-kvm").id());
        const auto made = first.claim({fragmentFor(launch::VmPaths(dirs_, *id).run)});
        CPPUNIT_ASSERT(made && made->id == *id);
        CPPUNIT_ASSERT(!first.id());
        CPPUNIT_ASSERT(!first.claim({fragmentFor(launch::VmPaths(dirs_, *id).run)}));
        CPPUNIT_ASSERT(!pool_->full());
        CPPUNIT_ASSERT(!pool_->reserve("plain-kvm").id());
    }

    void takesBackWhatCameToNoVm()
    {
        pool_->add(make());
        std::optional<VmId> id;
        {
            auto refused = pool_->reserve("plain-kvm");
            id = refused.id();
            const auto moved = std::move(refused); // is still one
            CPPUNIT_ASSERT(!pool_->full());
        }
        CPPUNIT_ASSERT(pool_->full());
        CPPUNIT_ASSERT(pool_->reserve("plain-kvm").id() == id);
    }

    void takesBackNoMoreThanItKeeps()
    {
        const auto first = make();
        pool_->add(first);
        {
            const auto refused = pool_->reserve("plain-kvm");
            pool_->add(make());
        }
        threads_.join();
        CPPUNIT_ASSERT(!fs::exists(first.dirs.paths().run));
        CPPUNIT_ASSERT(pool_->full());
        const auto kept = pool_->reserve("plain-kvm");
        CPPUNIT_ASSERT(kept.id() && *kept.id() != first.id);
        CPPUNIT_ASSERT(!pool_->full());
    }

    void removesWhatTheVmDoesNotAskFor()
    {
        const auto made = make();
        const auto run = made.dirs.paths().run, log = made.dirs.paths().log;
        write(run / "state", "keys");
        pool_->add(made);
        auto reserved = pool_->reserve("plain-kvm");
        CPPUNIT_ASSERT(!reserved.claim({fragmentFor(launch::VmPaths(dirs_, made.id).run, "sha1")}));
        threads_.join();
        CPPUNIT_ASSERT(!fs::exists(run) && !fs::exists(log));
        CPPUNIT_ASSERT(!pool_->full());
    }

    void movesResultsAndLeavesThePlannedFiles()
    {
        const auto made = make();
        const auto from = made.dirs.paths();
        made.dirs.writePlanned(made.work[0].files);
        write(from.run / "state", "keys");
        write(from.log / "setup.log", "said");
        const launch::VmDirs vm(dirs_, made.id, {});
        write(vm.paths().log / "setup.log", "before, ");
        CPPUNIT_ASSERT(vm.takeOver(made.dirs, made.dirs.files(), made.work[0].files));
        vm.writePlanned(made.work[0].files); // would fail if one were there
        CPPUNIT_ASSERT_EQUAL(std::string("keys"), read(vm.paths().run / "state"));
        CPPUNIT_ASSERT_EQUAL(std::string("before, said"), read(vm.paths().log / "setup.log"));
        CPPUNIT_ASSERT(!fs::exists(from.run) && !fs::exists(from.log));
    }

    void doesNotMoveOverWhatIsThere()
    {
        const auto made = make();
        fs::create_directory(made.dirs.paths().run / "env"); // a name of the host's
        const launch::VmDirs vm(dirs_, made.id, {});
        CPPUNIT_ASSERT_THROW((void)vm.takeOver(made.dirs, {}, {}), Error);
    }

    void saysWhenResultsHaveVanished()
    {
        const auto made = make();
        const auto run = made.dirs.paths().run;
        fs::create_directory(run / "deep");
        write(run / "deep" / "state", "keys");
        write(run / "other", "keys");
        const auto results = made.dirs.files();
        CPPUNIT_ASSERT((results == std::vector<std::string>{"deep/state", "other"}));
        const launch::VmDirs vm(dirs_, made.id, {});
        fs::remove(run / "deep" / "state"); // a cleaner of temporary files leaves directories for later
        CPPUNIT_ASSERT(!vm.takeOver(made.dirs, results, {}));
        CPPUNIT_ASSERT_EQUAL(std::string(), launch::VmDirs::removeAhead(dirs_));
        CPPUNIT_ASSERT(!vm.takeOver(made.dirs, results, {}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AheadPoolTest);

} // namespace
} // namespace teehost::vm
