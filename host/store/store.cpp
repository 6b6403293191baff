// SPDX-License-Identifier: Apache-2.0
#include "host/store/store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/store/schema.h"
#include "host/store/sqlite.h"

namespace teehost::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTrimEvery = 512; // events; trimming at each one would double the writes
constexpr std::uint64_t kNumbersAhead = 10'000;
constexpr std::uint64_t kShortenEvery = 200; // commits, each of a few pages

constexpr int kLockAttempts = 10;
constexpr std::chrono::milliseconds kLockPause{20};

constexpr const char* kSaveVm =
    "INSERT INTO vm(id, state, port, boot_id, pid, start_ticks, created_us, ttl_ends_us, body) "
    "VALUES(?,?,?,?,?,?,?,?,?) "
    "ON CONFLICT(id) DO UPDATE SET state=excluded.state, port=excluded.port, boot_id=excluded.boot_id, "
    "pid=excluded.pid, start_ticks=excluded.start_ticks, created_us=excluded.created_us, "
    "ttl_ends_us=excluded.ttl_ends_us, body=excluded.body";

/// An error at the start, with the file's name and the way out.
Error startError(const fs::path& path, const std::exception& error)
{
    const std::string subject = "the store \"" + path.string() + "\" ";
    if (const auto* ours = dynamic_cast<const Error*>(&error))
        return Error(ours->category(), subject + "cannot be used: " + ours->what(), ours->hint());
    const auto* sqlite = dynamic_cast<const SqliteError*>(&error);
    if (sqlite != nullptr && sqlite->damaged())
        return Error(Category::FailedPrecondition,
                     subject + "is damaged (" + printable(error.what()) + "); nothing was changed",
                     "restore it from a backup, or start once with --recover: it is set aside then, and VMs "
                     "that still run are reported but not touched");
    return Error(Category::FailedPrecondition, subject + "cannot be used: " + printable(error.what()),
                 "check the space, the owner and the mode of the state directory (state.dir)");
}

void requireSound(Sqlite& db)
{
    const auto verdict = db.text("PRAGMA quick_check(1)");
    if (verdict != "ok")
        throw SqliteError(11 /* SQLITE_CORRUPT */, verdict);
}

std::string utcStamp()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
    return text.data();
}

/// Takes the lock of an open file, or gives false when another process keeps it. One that only asks whether
/// it is held (StateLock::held) has it for an instant, which must not end the start of a daemon.
bool lockNow(int file)
{
    for (int attempt = 1; ::flock(file, LOCK_EX | LOCK_NB) != 0; ++attempt) {
        if (attempt == kLockAttempts)
            return false;
        std::this_thread::sleep_for(kLockPause);
    }
    return true;
}

} // namespace

StateLock::StateLock(const fs::path& stateDir)
{
    const auto path = stateDir / kFile;
    file_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_)
        throw systemError(Category::FailedPrecondition, "cannot open \"" + path.string() + "\"", errno,
                          "check the state directory (state.dir)");
    std::array<char, 32> holder{};
    if (!lockNow(file_.get())) {
        const auto size = ::pread(file_.get(), holder.data(), holder.size() - 1, 0);
        const std::string pid(
            trim(std::string(holder.data(), size > 0 ? static_cast<std::size_t>(size) : 0)));
        throw Error(Category::Unavailable,
                    "another teehostd uses the state directory \"" + stateDir.string() + "\"" +
                        (pid.empty() ? std::string() : ": process " + printable(pid)),
                    "end it first, or give this one a state.dir of its own");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file_.get(), 0) != 0 ||
        ::pwrite(file_.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        throw systemError(Category::FailedPrecondition, "cannot write \"" + path.string() + "\"", errno,
                          "check the space in the state directory (state.dir)");
}

bool StateLock::held(const fs::path& stateDir)
{
    const UniqueFd file(::open((stateDir / kFile).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    return file && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

struct Store::Statements {
    explicit Statements(Sqlite& db)
        : saveVm(db, kSaveVm), forgetVm(db, "DELETE FROM vm WHERE id=?"),
          addEvent(db, "INSERT OR REPLACE INTO event(seq, at_us, vm_id, body) VALUES(?,?,?,?)"),
          trimEvents(db, "DELETE FROM event WHERE seq <= "
                         "(SELECT seq FROM event ORDER BY seq DESC LIMIT 1 OFFSET ?)"),
          reserveNumbers(db, "UPDATE event_numbers SET next=?")
    {
    }
    Statement saveVm, forgetVm, addEvent, trimEvents, reserveNumbers;
};

Store::Store(fs::path path, std::uint64_t keepEvents, const Log& log)
    : path_(std::move(path)), keepEvents_(keepEvents), log_(log), untrimmed_(kTrimEvery)
{
    try {
        db_ = std::make_unique<Sqlite>(path_);
        fresh_ = fs::file_size(path_) == 0;
        std::error_code none;
        const auto left = fs::file_size(path_.string() + "-wal", none);
        const bool unclean = !none && left > 0;
        // trusted_schema: a schema that somebody tampered with must not call functions.
        db_->run("PRAGMA trusted_schema=OFF");
        requireSound(*db_);
        static_cast<void>(db_->text("PRAGMA journal_mode=WAL"));
        // SQLite's own checkpoints would swallow a sync that fails.
        db_->run("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0");
        migrate(*db_);
        db_->run("PRAGMA application_id=0x74656568");
        statements_ = std::make_unique<Statements>(*db_);
        firstSeq_ =
            static_cast<std::uint64_t>(std::max(db_->number("SELECT max(next) FROM event_numbers"),
                                                db_->number("SELECT coalesce(max(seq), 0) + 1 FROM event")));
        lastSeq_ = firstSeq_ - 1;
        reserved_ = firstSeq_ + kNumbersAhead;
        // This shows as well that the file can be written, which is better known now than at the first VM.
        db_->run("BEGIN IMMEDIATE; DELETE FROM event_numbers; INSERT INTO event_numbers VALUES(" +
                 std::to_string(reserved_) + "); COMMIT");
        syncAtStart(unclean);
    } catch (const std::exception& error) {
        throw startError(path_, error);
    }
    thread_ = std::thread([this] { run(); });
}

/// Makes the rows of an earlier daemon, of which clients will be told now, outlive a power cut. When that
/// daemon was killed, a sync of its log may have failed before.
void Store::syncAtStart(bool unclean)
{
    if (!unclean)
        return db_->syncLog();
    try {
        db_->moveLogIntoDatabase();
    } catch (const SqliteError&) {
        db_->syncLog(); // another program reads; no promise is made before the log is empty
        syncFailed_ = true;
        syncBy_ = std::chrono::steady_clock::now() + kSyncWithin;
    }
}

Store::~Store()
{
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

fs::path Store::setAside(const fs::path& path)
{
    if (!fs::exists(path))
        return {};
    const std::string suffix = ".corrupt-" + utcStamp();
    for (const auto* part : {"-wal", "-shm", ""}) {
        std::error_code missing;
        fs::rename(path.string() + part, path.string() + suffix + part, missing);
    }
    if (fs::exists(path))
        throw Error(Category::FailedPrecondition, "cannot move \"" + path.string() + "\" away",
                    "check the state directory (state.dir)");
    return path.string() + suffix;
}

std::vector<VmRow> Store::vms()
try {
    std::vector<VmRow> rows;
    Statement query(*db_, "SELECT id, state, port, boot_id, pid, start_ticks, created_us, ttl_ends_us, body "
                          "FROM vm ORDER BY created_us, id");
    while (query.step()) {
        VmRow row;
        row.id = query.text(0);
        row.state = query.text(1);
        if (const auto port = query.optional(2))
            row.port = static_cast<std::uint16_t>(*port);
        if (const auto pid = query.optional(4))
            row.qemu = ProcessRow{query.text(3), *pid, static_cast<std::uint64_t>(query.number(5))};
        row.createdUs = query.number(6);
        row.ttlEnds = query.optional(7);
        row.body = query.text(8);
        rows.push_back(std::move(row));
    }
    return rows;
} catch (const SqliteError& error) {
    throw startError(path_, error);
}

std::vector<EventRow> Store::events()
try {
    std::vector<EventRow> rows;
    Statement query(*db_, "SELECT seq, at_us, vm_id, body FROM "
                          "(SELECT * FROM event ORDER BY seq DESC LIMIT ?) ORDER BY seq");
    query.bind(0, static_cast<std::int64_t>(keepEvents_));
    while (query.step())
        rows.push_back(
            {static_cast<std::uint64_t>(query.number(0)), query.number(1), query.text(2), query.text(3)});
    return rows;
} catch (const SqliteError& error) {
    throw startError(path_, error);
}

void Store::write(Change change, Done done)
{
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(change), std::move(done)});
    }
    wake_.notify_one();
}

void Store::run()
{
    while (true) {
        std::deque<Job> jobs;
        {
            std::unique_lock lock(mutex_);
            const auto awaited = [this] { return closing_ || !jobs_.empty(); };
            if (syncBy_)
                wake_.wait_until(lock, *syncBy_, awaited);
            else
                wake_.wait(lock, awaited);
            if (closing_ && jobs_.empty())
                break;
            jobs.swap(jobs_);
        }
        if (!jobs.empty())
            commit(jobs);
        shortenLog();
        if (syncBy_ && std::chrono::steady_clock::now() >= *syncBy_)
            static_cast<void>(sync());
    }
    try {
        db_->transaction([this] { reserveUpTo(lastSeq_ + 1); });
    } catch (const SqliteError&) {
        // The numbers go on behind those that are reserved.
    }
}

/// Writes all in one transaction; when that fails each in its own, so that one bad change does not spoil the
/// others.
void Store::commit(std::deque<Job>& jobs)
{
    try {
        db_->transaction([&] {
            for (const auto& job : jobs)
                apply(job.change);
            trimEvents();
        });
        ++commits_;
    } catch (const std::exception&) {
        for (const auto& job : jobs)
            commitOne(job);
        return;
    }
    tell(jobs);
}

void Store::commitOne(const Job& job)
{
    try {
        db_->transaction([&] { apply(job.change); });
        ++commits_;
    } catch (const std::exception& error) {
        writeFailed_ = true;
        job.done(failed(error));
        return;
    }
    tell({job});
}

/// Reports jobs that are committed, after the sync that some of them ask for.
void Store::tell(const std::deque<Job>& jobs)
{
    writeFailed_ = false;
    healthy_ = !syncFailed_;
    if (!syncBy_)
        syncBy_ = std::chrono::steady_clock::now() + kSyncWithin;
    const auto lasts = [](const Job& job) { return job.change.durability == Durability::SurvivesPowerCut; };
    // A number that was told is given to no other event, also when the power is cut before the event is
    // synced.
    const bool scarce = lastSeq_ + kNumbersAhead / 2 >= reserved_;
    const bool reserves = scarce && reserveNumbers();
    const bool needed = reserves || std::any_of(jobs.begin(), jobs.end(), lasts);
    const auto failure = needed ? sync() : nullptr;
    if (reserves && !failure)
        reserved_ = lastSeq_ + kNumbersAhead;
    for (const auto& job : jobs)
        job.done(lasts(job) ? failure : nullptr);
}

/// Returns why the log could not be synced; null when it was. A failure is tried again after a while.
std::exception_ptr Store::sync()
{
    syncBy_.reset();
    try {
        // Linux reports a failed sync once and then takes the pages for clean: a later sync that works says
        // nothing of them. They are still in memory, unless it was short since, and are written elsewhere
        // from there.
        if (syncFailed_)
            db_->moveLogIntoDatabase();
        else
            db_->syncLog();
        syncFailed_ = false;
        healthy_ = !writeFailed_;
        return nullptr;
    } catch (const std::exception& error) {
        syncFailed_ = true;
        syncBy_ = std::chrono::steady_clock::now() + kSyncWithin;
        return failed(error);
    }
}

/// Keeps the log short. A sync of it may fail in here, and then be reported to nobody else.
void Store::shortenLog()
{
    if (commits_ < kShortenEvery)
        return;
    commits_ = 0;
    try {
        db_->shortenLog();
    } catch (const std::exception& error) {
        syncFailed_ = true;
        static_cast<void>(failed(error));
        if (!syncBy_)
            syncBy_ = std::chrono::steady_clock::now() + kSyncWithin;
    }
}

void Store::reserveUpTo(std::uint64_t next)
{
    statements_->reserveNumbers.bind(0, static_cast<std::int64_t>(next));
    statements_->reserveNumbers.execute();
}

/// Returns false when the reservation cannot be written; the next event tries again.
bool Store::reserveNumbers()
{
    try {
        db_->transaction([this] { reserveUpTo(lastSeq_ + kNumbersAhead); });
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

std::exception_ptr Store::failed(const std::exception& error)
{
    if (healthy_.exchange(false))
        log_.error("the store cannot be written", {{"file", path_.string()}, {"error", error.what()}});
    return std::make_exception_ptr(Error(Category::Unavailable,
                                         "the store cannot be written: " + printable(error.what()),
                                         "make space in the state directory (state.dir); then try again"));
}

void Store::apply(const Change& change)
{
    auto& to = *statements_;
    if (const auto& event = change.event) {
        lastSeq_ = std::max(lastSeq_, event->seq); // the event may be told although nothing can be written
        ++untrimmed_;
    }
    if (const auto& vm = change.save) {
        to.saveVm.bind(0, vm->id);
        to.saveVm.bind(1, vm->state);
        to.saveVm.bindOptional(2, vm->port);
        if (vm->qemu) {
            to.saveVm.bind(3, vm->qemu->bootId);
            to.saveVm.bind(4, vm->qemu->pid);
            to.saveVm.bind(5, static_cast<std::int64_t>(vm->qemu->startTicks));
        }
        to.saveVm.bind(6, vm->createdUs);
        to.saveVm.bindOptional(7, vm->ttlEnds);
        to.saveVm.bind(8, vm->body);
        to.saveVm.execute();
    }
    if (!change.forget.empty()) {
        to.forgetVm.bind(0, change.forget);
        to.forgetVm.execute();
    }
    if (const auto& event = change.event) {
        to.addEvent.bind(0, static_cast<std::int64_t>(event->seq));
        to.addEvent.bind(1, event->atUs);
        to.addEvent.bind(2, event->vmId);
        to.addEvent.bind(3, event->body);
        to.addEvent.execute();
    }
}

void Store::trimEvents()
{
    if (untrimmed_ < kTrimEvery)
        return;
    statements_->trimEvents.bind(0, static_cast<std::int64_t>(keepEvents_));
    statements_->trimEvents.execute();
    untrimmed_ = 0;
}

} // namespace teehost::store
