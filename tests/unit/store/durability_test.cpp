// SPDX-License-Identifier: Apache-2.0
//
// Looks at what a power cut leaves of the store. This program is linked with the recorder of syncs.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <random>
#include <set>
#include <thread>

#include <stdlib.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "host/store/sqlite.h"
#include "host/store/store.h"
#include "power_cut/power_cut.h"

namespace teehost::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kLasting = Durability::SurvivesPowerCut;

class DurabilityTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DurabilityTest);
    CPPUNIT_TEST(syncsOnlyWhatIsToLast);
    CPPUNIT_TEST(aPowerCutUndoesNothingThatWasPromised);
    CPPUNIT_TEST(whatWasNotPromisedIsSyncedSoon);
    CPPUNIT_TEST(whatIsFoundIsSyncedBeforeItIsTold);
    CPPUNIT_TEST(refusesAPromiseThatItCannotKeep);
    CPPUNIT_TEST(keepsItsPromisesAfterASyncThatFailed);
    CPPUNIT_TEST(neverNumbersTwoEventsAlike);
    CPPUNIT_TEST_SUITE_END();

    static Change saving(int number, Durability durability)
    {
        VmRow vm;
        vm.id = std::to_string(number);
        vm.state = "running";
        vm.createdUs = number;
        vm.body = std::string(200, 'b');
        return {vm, {}, {}, durability};
    }

    static void write(Store& store, Change change)
    {
        std::promise<void> done;
        store.write(std::move(change), [&](std::exception_ptr error) {
            if (error)
                done.set_exception(error);
            else
                done.set_value();
        });
        done.get_future().get();
    }

    Store open() { return Store(state() / "teehost.db", 100, log_); }

    /// The ids in the store after a power cut now.
    std::set<std::string> afterPowerCut(const test::Reached& reached)
    {
        // The power of copies is cut: the store that is written goes on.
        const auto cut = directory_ / "cut";
        fs::remove_all(cut);
        fs::copy(state(), cut);
        const auto synced = directory_ / "synced-then";
        fs::remove_all(synced);
        fs::copy(synced_, synced);
        test::cutPower(cut, synced, "state", reached);
        Store store(cut / "teehost.db", 100, log_); // checks the database
        std::set<std::string> ids;
        for (const auto& row : store.vms())
            ids.insert(row.id);
        return ids;
    }

    static bool nothingReached() { return false; }

    std::uintmax_t bytesSynced() { return fs::file_size(synced_ / "state.teehost.db-wal"); }

    void syncsOnlyWhatIsToLast()
    {
        bool inTime = seesWritesBeforeTheyAreSyncedInTime();
        for (int attempt = 1; !inTime && attempt < 20; ++attempt) {
            tearDown();
            setUp();
            inTime = seesWritesBeforeTheyAreSyncedInTime();
        }
        CPPUNIT_ASSERT(inTime);
    }

    /// False when this took so long that the store may have synced its log by the clock.
    bool seesWritesBeforeTheyAreSyncedInTime()
    {
        Store store = open();
        const auto start = std::chrono::steady_clock::now();
        const auto atStart = bytesSynced();
        for (int i = 0; i < 5; ++i)
            write(store, saving(i, Durability::SurvivesDaemon));
        const auto after = bytesSynced();
        const auto survivors = afterPowerCut(nothingReached);
        if (std::chrono::steady_clock::now() - start >= Store::kSyncWithin)
            return false;
        CPPUNIT_ASSERT_EQUAL(atStart, after);
        CPPUNIT_ASSERT(survivors.empty());
        write(store, saving(5, kLasting));
        CPPUNIT_ASSERT(bytesSynced() > atStart);
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, afterPowerCut(nothingReached).size());
        write(store, {{}, "3", {}, kLasting});
        CPPUNIT_ASSERT(!afterPowerCut(nothingReached).contains("3"));
        return true;
    }

    /// All changes up to some instant are there, whatever part of the rest reached the disk, in whatever
    /// order.
    void aPowerCutUndoesNothingThatWasPromised()
    {
        std::mt19937 random(12);
        Store store = open();
        int promised = -1;
        for (int i = 0; i < 3000; ++i) { // over several rounds of the log
            const bool lasts = random() % 20 == 0;
            write(store, saving(i, lasts ? kLasting : Durability::SurvivesDaemon));
            promised = lasts ? i : promised;
            if (random() % 60 != 0)
                continue;
            const auto share = random() % 5;
            const auto ids = afterPowerCut([&] { return random() % 4 < share; });
            const auto count = static_cast<int>(ids.size());
            CPPUNIT_ASSERT(count > promised && count <= i + 1);
            for (int each = 0; each < count; ++each)
                CPPUNIT_ASSERT(ids.contains(std::to_string(each)));
        }
    }

    void whatWasNotPromisedIsSyncedSoon()
    {
        Store store = open();
        write(store, saving(1, Durability::SurvivesDaemon));
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (afterPowerCut(nothingReached).empty() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(50ms);
        CPPUNIT_ASSERT(afterPowerCut(nothingReached).contains("1"));
    }

    /// The daemon died before it could sync a row; the next one tells clients of it.
    void whatIsFoundIsSyncedBeforeItIsTold()
    {
        const auto left = directory_ / "left";
        {
            Store store = open();
            write(store, saving(1, Durability::SurvivesDaemon));
            fs::copy(state(), left);
        }
        fs::remove_all(state());
        fs::remove_all(synced_);
        fs::create_directory(synced_);
        fs::rename(left, state());
        Store store = open();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, store.vms().size());
        CPPUNIT_ASSERT(afterPowerCut(nothingReached).contains("1"));
    }

    void refusesAPromiseThatItCannotKeep()
    {
        Store store = open();
        fs::rename(synced_, directory_ / "elsewhere"); // where the recorder cannot write the call fails
        write(store, saving(1, Durability::SurvivesDaemon));
        try {
            write(store, saving(2, kLasting));
            CPPUNIT_FAIL("it was promised");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(error.category() == Category::Unavailable);
            CPPUNIT_ASSERT(std::string(error.what()).find("cannot be synced") != std::string::npos);
        }
        write(store, saving(3, Durability::SurvivesDaemon));
        CPPUNIT_ASSERT(!store.healthy()); // a write is no sync
        fs::rename(directory_ / "elsewhere", synced_);
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!store.healthy() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(20ms);
        CPPUNIT_ASSERT(store.healthy()); // an idle daemon tries again too
    }

    /// The kernel reports a failed sync once and forgets the pages: what is promised afterwards must not rest
    /// on them. Here the part of the log that was not synced never reaches the disk.
    void keepsItsPromisesAfterASyncThatFailed()
    {
        Store store = open();
        write(store, saving(1, kLasting));
        fs::rename(synced_, directory_ / "elsewhere");
        CPPUNIT_ASSERT_THROW(write(store, saving(2, kLasting)), Error);
        fs::rename(directory_ / "elsewhere", synced_);
        write(store, saving(3, kLasting));
        CPPUNIT_ASSERT_EQUAL(std::uintmax_t{0}, fs::file_size(state() / "teehost.db-wal"));
        fs::remove(synced_ / "state.teehost.db-wal");
        const auto ids = afterPowerCut(nothingReached);
        CPPUNIT_ASSERT(ids.contains("1") && ids.contains("3"));
    }

    /// Power that comes and goes: no run stores what it told, and still no number is told twice.
    void neverNumbersTwoEventsAlike()
    {
        std::uint64_t told = 0;
        for (int cut = 0; cut < 3; ++cut) {
            {
                Store store = open();
                CPPUNIT_ASSERT(store.firstSeq() > told);
                for (int i = 0; i < 11'000; ++i) { // beyond the first reservation
                    told = store.firstSeq() + static_cast<std::uint64_t>(i);
                    store.write({{}, {}, EventRow{told, 0, "a", "{}"}}, [](std::exception_ptr) {});
                }
                write(store, {{}, {}, EventRow{++told, 0, "a", "{}"}});
                fs::copy(state(), directory_ / "cut");
                test::cutPower(directory_ / "cut", synced_, "state", nothingReached);
            }
            fs::remove_all(state());
            fs::rename(directory_ / "cut", state());
            fs::remove_all(synced_);
            fs::create_directory(synced_);
            for (const auto& entry : fs::directory_iterator(state())) // what is on the disk is synced
                fs::copy_file(entry.path(), synced_ / ("state." + entry.path().filename().string()));
        }
        CPPUNIT_ASSERT(open().firstSeq() > told);
    }

    [[nodiscard]] fs::path state() const { return directory_ / "state"; }

    fs::path directory_, synced_;
    const Log log_{LogLevel::Error, [](LogLevel, const std::string&) {}};

public:
    void setUp() override
    {
        std::string pattern = (fs::temp_directory_path() / "teehost-power-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        synced_ = directory_ / "synced";
        fs::create_directory(state());
        fs::create_directory(synced_);
        ::setenv("TEEHOST_SYNCED", synced_.c_str(), 1);
    }
    void tearDown() override
    {
        ::unsetenv("TEEHOST_SYNCED");
        fs::remove_all(directory_);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DurabilityTest);

} // namespace
} // namespace teehost::store
