// SPDX-License-Identifier: Apache-2.0
//
// SQLite's C interface with owners and exceptions; just what the store needs of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace teehost::store {

/// An error that SQLite reported.
class SqliteError : public std::runtime_error {
public:
    SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
    [[nodiscard]] int code() const noexcept { return code_; } ///< primary result code (sqlite.org/rescode)
    /// The file is not a database, or its content contradicts itself.
    [[nodiscard]] bool damaged() const noexcept;

private:
    int code_;
};

/// One thread at a time. All members throw SqliteError.
class Sqlite {
public:
    /// Opens, or creates with mode 0600.
    explicit Sqlite(const std::filesystem::path& path);

    void run(const std::string& statements);
    /// Runs `work` in one transaction, which is undone when it throws.
    void transaction(const std::function<void()>& work);
    /// Brings the write-ahead log to the disk, and with it everything that was committed.
    void syncLog();
    /// Writes the content of the log into the database, syncs that, and empties the log. Fails at once when
    /// another program reads the database.
    void moveLogIntoDatabase();
    /// Does as much of that as is possible beside readers. An error may be that of a sync.
    void shortenLog();
    [[nodiscard]] std::int64_t number(const std::string& query);
    [[nodiscard]] std::string text(const std::string& query);
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept;
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement; parameters and columns count from 0.
class Statement {
public:
    Statement(Sqlite& db, const char* text);

    void bind(int at, std::string_view value);
    void bind(int at, std::int64_t value);
    void bindNull(int at);
    template <class T>
    void bindOptional(int at, const std::optional<T>& value)
    {
        if (value)
            bind(at, static_cast<std::int64_t>(*value));
        else
            bindNull(at);
    }

    /// False when there is no further row.
    bool step();
    /// Runs a statement that gives no row, and makes it ready for new parameters.
    void execute();

    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    sqlite3* db_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

} // namespace teehost::store
