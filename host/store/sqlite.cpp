// SPDX-License-Identifier: Apache-2.0
#include "host/store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "host/base/fault_point.h"
#include "host/base/unique_fd.h"

namespace teehost::store {
namespace {

constexpr int kBusyTimeoutMs = 5000; // an operator's sqlite3 shell may read at the same time

void require(int code, sqlite3* db)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return;
    std::string message = db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db);
    if (const int system = db == nullptr ? 0 : sqlite3_system_errno(db); system != 0)
        message += " (os error " + std::to_string(system) + ")";
    throw SqliteError(code & 0xff, message);
}

} // namespace

bool SqliteError::damaged() const noexcept { return code_ == SQLITE_CORRUPT || code_ == SQLITE_NOTADB; }

void Sqlite::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Sqlite::Sqlite(const std::filesystem::path& path)
{
    // SQLite gives its -wal and -shm files the mode of the database, so that one is made first.
    const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(
        path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
    handle_.reset(handle);
    require(code, handle);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
}

void Sqlite::run(const std::string& statements)
{
    require(sqlite3_exec(handle_.get(), statements.c_str(), nullptr, nullptr, nullptr), handle_.get());
}

void Sqlite::transaction(const std::function<void()>& work)
{
    run("BEGIN IMMEDIATE");
    try {
        work();
        run("COMMIT");
    } catch (...) {
        // SQLite has often done so by itself. If it cannot, the next BEGIN fails, and so on until it can.
        if (sqlite3_get_autocommit(handle_.get()) == 0)
            sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

void Sqlite::syncLog()
{
    sqlite3_file* log = nullptr;
    require(sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), handle_.get());
    if (log == nullptr || log->pMethods == nullptr)
        throw SqliteError(SQLITE_IOERR, "the write-ahead log is not open");
    const int code =
        faultPoint("store-sync") != 0 ? SQLITE_IOERR_FSYNC : log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code != SQLITE_OK)
        throw SqliteError(code & 0xff,
                          "the write-ahead log cannot be synced: " + std::string(sqlite3_errstr(code)));
}

void Sqlite::moveLogIntoDatabase()
{
    if (faultPoint("store-sync") != 0)
        throw SqliteError(SQLITE_IOERR, "the write-ahead log cannot be synced");
    sqlite3_busy_timeout(handle_.get(), 0); // whoever writes next would wait with us
    const int code =
        sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(handle_.get(), kBusyTimeoutMs);
    if ((code & 0xff) == SQLITE_BUSY)
        throw SqliteError(SQLITE_BUSY,
                          "another program reads it, and after a failed sync its log must be emptied");
    require(code, handle_.get());
}

void Sqlite::shortenLog()
{
    const int code =
        sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if ((code & 0xff) != SQLITE_BUSY)
        require(code, handle_.get());
}

std::int64_t Sqlite::number(const std::string& query)
{
    Statement statement(*this, query.c_str());
    return statement.step() ? statement.number(0) : 0;
}

std::string Sqlite::text(const std::string& query)
{
    Statement statement(*this, query.c_str());
    return statement.step() ? statement.text(0) : std::string();
}

Statement::Statement(Sqlite& db, const char* text) : db_(db.handle())
{
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(db_, text, -1, &statement, nullptr);
    statement_.reset(statement);
    require(code, db_);
}

void Statement::bind(int at, std::string_view value)
{
    require(sqlite3_bind_text64(statement_.get(), at + 1, value.data(), value.size(), SQLITE_TRANSIENT,
                                SQLITE_UTF8),
            db_);
}

void Statement::bind(int at, std::int64_t value)
{
    require(sqlite3_bind_int64(statement_.get(), at + 1, value), db_);
}

void Statement::bindNull(int at) { require(sqlite3_bind_null(statement_.get(), at + 1), db_); }

bool Statement::step()
{
    const int code = sqlite3_step(statement_.get());
    require(code, db_);
    return code == SQLITE_ROW;
}

void Statement::execute()
{
    const int injected = faultPoint("store-write");
    const int code = injected != 0 ? SQLITE_FULL : sqlite3_step(statement_.get());
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    if (injected != 0)
        throw SqliteError(SQLITE_FULL, "database or disk is full");
    require(code, db_);
}

std::string Statement::text(int column) const
{
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::optional<std::int64_t> Statement::optional(int column) const
{
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL)
        return std::nullopt;
    return number(column);
}

} // namespace teehost::store
