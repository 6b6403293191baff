// SPDX-License-Identifier: Apache-2.0
//
// The memory that survives the daemon: every VM and the last events, in a SQLite database in the state
// directory. A commit is in the write-ahead log, which is synced when a change asks for it and otherwise
// within kSyncWithin (synchronous=NORMAL). A power cut may so undo the last changes that did not ask, all
// those after some instant and none before it; it never damages the database:
// https://www.sqlite.org/pragma.html#pragma_synchronous and https://www.sqlite.org/wal.html, section 2.3.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/base/log.h"
#include "host/base/unique_fd.h"
#include "host/store/rows.h"

namespace teehost::store {

class Sqlite;

/// The mark of the one daemon of a state directory. Taken before anything there is touched.
class StateLock {
public:
    static constexpr const char* kFile = "lock"; ///< in the directory

    /// Throws Unavailable naming the process that holds it.
    explicit StateLock(const std::filesystem::path& stateDir);
    /// Whether another process holds it now. Makes no file; takes the lock for an instant, which a daemon
    /// that starts just then waits out.
    [[nodiscard]] static bool held(const std::filesystem::path& stateDir);

private:
    UniqueFd file_;
};

/// Changes are written by one thread in the order they were given; those that wait together share a commit.
class Store {
public:
    /// Opens or creates the database, checks it and brings its schema up to date. Throws FailedPrecondition
    /// when it is damaged, from a newer version, or cannot be written; it is left as it is then. `keepEvents`
    /// is how many events are kept.
    Store(std::filesystem::path path, std::uint64_t keepEvents, const Log& log);
    /// Writes what is waiting.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Moves a damaged database away: PATH becomes PATH.corrupt-UTC. Gives the new name; empty when there was
    /// no file.
    static std::filesystem::path setAside(const std::filesystem::path& path);

    /// Whether the database was made by this start.
    [[nodiscard]] bool fresh() const noexcept { return fresh_; }

    // Read at the start, before the first write. Blocking; throw FailedPrecondition.
    [[nodiscard]] std::vector<VmRow> vms();
    [[nodiscard]] std::vector<EventRow> events();

    /// How long a change that did not ask to be synced may wait for it.
    static constexpr std::chrono::milliseconds kSyncWithin{1000};

    /// `done` is told on the store's thread once the change is as durable as it asks, or why it is not
    /// (Unavailable). One that could not be synced is in the store all the same. Any thread; returns at once.
    using Done = std::function<void(std::exception_ptr)>;
    void write(Change change, Done done);

    /// The number of the first event of this run: above every number that an earlier run may have told
    /// anybody. Numbers are reserved in the store before they are used up, and the reservation is synced.
    /// Only when more than 5000 events in a row could not be written, and the daemon is then killed, may one
    /// be given again.
    [[nodiscard]] std::uint64_t firstSeq() const noexcept { return firstSeq_; }

    /// Whether the last write and the last sync succeeded. Any thread.
    [[nodiscard]] bool healthy() const noexcept { return healthy_; }

private:
    struct Job {
        Change change;
        Done done;
    };
    struct Statements;

    void run();
    void commit(std::deque<Job>& jobs);
    void commitOne(const Job& job);
    void tell(const std::deque<Job>& jobs);
    [[nodiscard]] std::exception_ptr sync();
    void apply(const Change& change);
    void trimEvents();
    void syncAtStart(bool unclean);
    void shortenLog();
    void reserveUpTo(std::uint64_t next);
    [[nodiscard]] bool reserveNumbers();
    [[nodiscard]] std::exception_ptr failed(const std::exception& error);

    std::filesystem::path path_;
    std::uint64_t keepEvents_;
    const Log& log_;
    bool fresh_ = false;
    std::unique_ptr<Sqlite> db_;
    std::unique_ptr<Statements> statements_;
    std::uint64_t firstSeq_ = 1, lastSeq_ = 0;
    std::uint64_t reserved_ = 0; ///< up to which a synced reservation reaches
    std::uint64_t untrimmed_;    ///< events written since old ones were removed; enough, at first
    std::uint64_t commits_ = 0;  ///< since the log was shortened
    bool syncFailed_ = false;    ///< and the log was not emptied since
    bool writeFailed_ = false;
    std::optional<std::chrono::steady_clock::time_point> syncBy_; ///< absent: all is synced
    std::atomic<bool> healthy_{true};

    std::mutex mutex_; // guards jobs_ and closing_
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    bool closing_ = false;
    std::thread thread_;
};

} // namespace teehost::store
