// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "host/store/schema.h"
#include "host/store/sqlite.h"
#include "host/store/store.h"

namespace teehost::store {
namespace {

namespace fs = std::filesystem;

class StoreTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StoreTest);
    CPPUNIT_TEST(givesBackWhatItWasGiven);
    CPPUNIT_TEST(aPortBelongsToOneVm);
    CPPUNIT_TEST(oneBadChangeDoesNotSpoilTheOthers);
    CPPUNIT_TEST(forgetsOldEvents);
    CPPUNIT_TEST(countsEventsAndNotTheirNumbers);
    CPPUNIT_TEST(numbersGoOnWithoutAGapAfterACleanEnd);
    CPPUNIT_TEST(numbersGoOnAboveThoseOfARunThatWasKilled);
    CPPUNIT_TEST(numbersGoOnAboveAnEventThatCouldNotBeWritten);
    CPPUNIT_TEST(numbersAnOlderStoreFromItsLastEvent);
    CPPUNIT_TEST(whatWasReportedSurvivesAKill);
    CPPUNIT_TEST(refusesWhatIsNoDatabase);
    CPPUNIT_TEST(setsADamagedOneAside);
    CPPUNIT_TEST(migratesStepByStep);
    CPPUNIT_TEST(aFailedStepChangesNothing);
    CPPUNIT_TEST(refusesANewerSchema);
    CPPUNIT_TEST(onlyItsOwnerReadsIt);
    CPPUNIT_TEST(theLockNamesItsHolder);
    CPPUNIT_TEST(theLockWaitsForOneThatOnlyAsks);
    CPPUNIT_TEST_SUITE_END();

    static VmRow row(const std::string& id, std::optional<std::uint16_t> port = {})
    {
        VmRow vm;
        vm.id = id;
        vm.state = "running";
        vm.port = port;
        vm.createdUs = 5;
        vm.body = "{}";
        return vm;
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

    Store open(std::uint64_t keepEvents = 100) { return Store(path(), keepEvents, log_); }

    void givesBackWhatItWasGiven()
    {
        VmRow vm = row("a", std::uint16_t{6100});
        vm.qemu = ProcessRow{"boot", 4321, 0x7fff'ffff'ffff'ffff};
        vm.ttlEnds = 17;
        vm.body = "{\"text\":\"quote ' and \\u0000\"}";
        {
            Store store = open();
            CPPUNIT_ASSERT(store.fresh());
            write(store, {vm, {}, EventRow{1, 2, "a", "{\"kind\":\"x\"}"}});
            write(store, {row("b"), {}, {}});
            write(store, {{}, "b", {}});
        }
        Store store = open();
        CPPUNIT_ASSERT(!store.fresh());
        const auto rows = store.vms();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, rows.size());
        CPPUNIT_ASSERT_EQUAL(vm.body, rows[0].body);
        CPPUNIT_ASSERT(rows[0].port == vm.port && rows[0].ttlEnds == vm.ttlEnds);
        CPPUNIT_ASSERT_EQUAL(vm.qemu->startTicks, rows[0].qemu->startTicks);
        CPPUNIT_ASSERT_EQUAL(vm.qemu->pid, rows[0].qemu->pid);
        CPPUNIT_ASSERT_EQUAL(vm.qemu->bootId, rows[0].qemu->bootId);
        CPPUNIT_ASSERT_EQUAL(std::string("{\"kind\":\"x\"}"), store.events().at(0).body);
    }

    void aPortBelongsToOneVm()
    {
        Store store = open();
        write(store, {row("a", std::uint16_t{6100}), {}, {}});
        CPPUNIT_ASSERT_THROW(write(store, {row("b", std::uint16_t{6100}), {}, {}}), Error);
        CPPUNIT_ASSERT(!store.healthy());
        write(store, {row("a"), {}, {}}); // it gives the port back
        write(store, {row("b", std::uint16_t{6100}), {}, {}});
        CPPUNIT_ASSERT(store.healthy());
    }

    void oneBadChangeDoesNotSpoilTheOthers()
    {
        Store store = open();
        constexpr int kMany = 200;
        std::promise<void> all;
        std::atomic<int> good{0}, bad{0};
        for (int i = 0; i < kMany; ++i)
            store.write({row(std::to_string(i), std::uint16_t(1 + i / 2)), {}, {}},
                        [&](std::exception_ptr error) {
                            (error ? bad : good)++;
                            if (good + bad == kMany)
                                all.set_value();
                        });
        all.get_future().get();
        CPPUNIT_ASSERT_EQUAL(kMany / 2, good.load());
        CPPUNIT_ASSERT_EQUAL(std::size_t{kMany / 2}, store.vms().size());
    }

    void forgetsOldEvents()
    {
        {
            Store store = open(50);
            for (std::uint64_t seq = 1; seq <= 2000; ++seq)
                store.write({{}, {}, EventRow{seq, 0, "a", "{}"}}, [](std::exception_ptr) {});
        }
        Store store = open(50);
        const auto events = store.events();
        CPPUNIT_ASSERT_EQUAL(std::size_t{50}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2000}, events.back().seq);
        Sqlite db(path());
        CPPUNIT_ASSERT(db.number("SELECT count(*) FROM event") <= 50 + 512 + 512);
    }

    void countsEventsAndNotTheirNumbers()
    {
        {
            Store store = open(50);
            for (std::uint64_t seq = 1; seq <= 40; ++seq)
                write(store, {{}, {}, EventRow{seq, 0, "a", "{}"}});
            for (std::uint64_t seq = 1; seq <= 600; ++seq)
                write(store, {{}, {}, EventRow{1'000'000 * seq, 0, "a", "{}"}});
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{50}, open(50).events().size());
        Sqlite db(path());
        CPPUNIT_ASSERT(db.number("SELECT count(*) FROM event") < 50 + 512);
        {
            Store store = open(50);
            write(store, {{}, {}, EventRow{1'000'000'000'000, 0, "a", "{}"}});
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{50}, open(50).events().size());
    }

    void numbersGoOnWithoutAGapAfterACleanEnd()
    {
        {
            Store store = open();
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store.firstSeq());
            write(store, {{}, {}, EventRow{1, 0, "a", "{}"}});
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, open().firstSeq());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, open().firstSeq());
    }

    /// Its last events may have been told although the disk was full.
    void numbersGoOnAboveThoseOfARunThatWasKilled()
    {
        std::uint64_t last = 0;
        for (int run = 0; run < 3; ++run) {
            const pid_t child = ::fork();
            if (child == 0) {
                Store store(path(), 100, log_);
                write(store, {{}, {}, EventRow{store.firstSeq(), 0, "a", "{}"}});
                ::raise(SIGKILL);
            }
            ::waitpid(child, nullptr, 0);
            const auto first = open().firstSeq();
            CPPUNIT_ASSERT(first > last + 4999);
            last = first;
        }
    }

    /// Its row and its event could not be written, and it was told nevertheless.
    void numbersGoOnAboveAnEventThatCouldNotBeWritten()
    {
        {
            Store store = open();
            write(store, {row("a", std::uint16_t{6100}), {}, EventRow{1, 0, "a", "{}"}});
            CPPUNIT_ASSERT_THROW(write(store, {row("b", std::uint16_t{6100}), {}, EventRow{2, 0, "b", "{}"}}),
                                 Error);
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, open().firstSeq());
    }

    void numbersAnOlderStoreFromItsLastEvent()
    {
        {
            Sqlite db(path());
            migrate(db, schemaSteps().first(1));
            db.run("INSERT INTO event VALUES(41, 0, 'a', '{}')");
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{10042}, open().firstSeq());
    }

    /// The kernel keeps what a killed process wrote; what this shows is that a report never comes before the
    /// write.
    void whatWasReportedSurvivesAKill()
    {
        std::array<int, 2> pipe{};
        CPPUNIT_ASSERT_EQUAL(0, ::pipe(pipe.data()));
        const pid_t child = ::fork();
        if (child == 0) {
            Store store(path(), 100, log_);
            for (std::uint32_t i = 0;; ++i)
                store.write({row(std::to_string(i)), {}, {}}, [&, i](std::exception_ptr) {
                    [[maybe_unused]] const auto told = ::write(pipe[1], &i, sizeof i);
                });
        }
        ::close(pipe[1]);
        std::uint32_t reported = 0;
        while (reported < 300)
            CPPUNIT_ASSERT_EQUAL(static_cast<ssize_t>(sizeof reported),
                                 ::read(pipe[0], &reported, sizeof reported));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        std::uint32_t next = 0;
        while (::read(pipe[0], &next, sizeof next) == static_cast<ssize_t>(sizeof next))
            reported = next;
        ::close(pipe[0]);
        Store store = open();
        CPPUNIT_ASSERT(store.vms().size() >= reported + 1);
    }

    void refusesWhatIsNoDatabase()
    {
        const std::string garbage(10'000, 'x');
        std::ofstream(path()) << garbage;
        try {
            Store store = open();
            CPPUNIT_FAIL("it was opened");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(std::string(error.what()).find("is damaged") != std::string::npos);
            CPPUNIT_ASSERT(error.hint().find("--recover") != std::string::npos);
        }
        std::ifstream file(path());
        CPPUNIT_ASSERT_EQUAL(garbage, std::string(std::istreambuf_iterator<char>(file), {}));
    }

    void setsADamagedOneAside()
    {
        CPPUNIT_ASSERT(Store::setAside(path()).empty());
        std::ofstream(path()) << "garbage";
        const auto aside = Store::setAside(path());
        CPPUNIT_ASSERT(!fs::exists(path()) && fs::exists(aside));
        Store store = open();
        CPPUNIT_ASSERT(store.fresh());
    }

    void migratesStepByStep()
    {
        const std::array<const char*, 2> first{"CREATE TABLE a(x)", "INSERT INTO a VALUES(1)"};
        const std::array<const char*, 4> later{"CREATE TABLE a(x)", "INSERT INTO a VALUES(1)",
                                               "ALTER TABLE a ADD COLUMN y", "UPDATE a SET y = x + 1"};
        Sqlite db(path());
        migrate(db, first);
        migrate(db, later);
        migrate(db, later);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{4}, db.number("PRAGMA user_version"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, db.number("SELECT count(*) FROM a"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, db.number("SELECT y FROM a"));
    }

    void aFailedStepChangesNothing()
    {
        const std::array<const char*, 2> steps{"CREATE TABLE a(x)",
                                               "INSERT INTO a VALUES(1); INSERT INTO nowhere VALUES(1)"};
        Sqlite db(path());
        CPPUNIT_ASSERT_THROW(migrate(db, steps), SqliteError);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, db.number("PRAGMA user_version"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, db.number("SELECT count(*) FROM a"));
    }

    void refusesANewerSchema()
    {
        {
            Store store = open();
        }
        Sqlite(path()).run("PRAGMA user_version=99");
        try {
            Store store = open();
            CPPUNIT_FAIL("it was opened");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(std::string(error.what()).find("newer teehost") != std::string::npos);
        }
    }

    void onlyItsOwnerReadsIt()
    {
        Store store = open();
        write(store, {row("a"), {}, {}});
        for (const auto* part : {"", "-wal", "-shm"}) {
            struct stat status {};
            CPPUNIT_ASSERT_EQUAL(0, ::stat((path().string() + part).c_str(), &status));
            CPPUNIT_ASSERT_EQUAL(0600u, status.st_mode & 07777u);
        }
    }

    void theLockNamesItsHolder()
    {
        const StateLock first(directory_);
        try {
            const StateLock second(directory_);
            CPPUNIT_FAIL("two have it");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(error.category() == Category::Unavailable);
            CPPUNIT_ASSERT(std::string(error.what()).find("process " + std::to_string(::getpid())) !=
                           std::string::npos);
        }
    }

    void theLockWaitsForOneThatOnlyAsks()
    {
        std::ofstream(directory_ / StateLock::kFile) << "";
        UniqueFd asking(::open((directory_ / StateLock::kFile).c_str(), O_RDONLY | O_CLOEXEC));
        CPPUNIT_ASSERT_EQUAL(0, ::flock(asking.get(), LOCK_SH | LOCK_NB));
        std::jthread answered([&asking] {
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
            asking.reset();
        });
        const StateLock lock(directory_);
        CPPUNIT_ASSERT(StateLock::held(directory_));
    }

    [[nodiscard]] fs::path path() const { return directory_ / "teehost.db"; }

    fs::path directory_;
    const Log log_{LogLevel::Error, [](LogLevel, const std::string&) {}};

public:
    void setUp() override
    {
        std::string pattern = (fs::temp_directory_path() / "teehost-store-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
    }
    void tearDown() override { fs::remove_all(directory_); }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StoreTest);

} // namespace
} // namespace teehost::store
