// SPDX-License-Identifier: Apache-2.0
#include "host/store/schema.h"

#include <array>

#include "host/base/error.h"

namespace teehost::store {
namespace {

// An agent port is held by at most one VM: the index is what two creates cannot both pass.
constexpr std::array kSteps{
    R"sql(
CREATE TABLE vm(
    id          TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    port        INTEGER,
    boot_id     TEXT,
    pid         INTEGER,
    start_ticks INTEGER,
    created_us  INTEGER NOT NULL,
    ttl_ends_us INTEGER,
    body        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX vm_port ON vm(port) WHERE port IS NOT NULL;
CREATE TABLE event(
    seq   INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    vm_id TEXT NOT NULL,
    body  TEXT NOT NULL
) STRICT;
)sql",
    // Events with a number from `next` on were told to nobody. A power cut may have undone the last of an
    // older daemon.
    R"sql(
CREATE TABLE event_numbers(next INTEGER NOT NULL) STRICT;
INSERT INTO event_numbers SELECT coalesce(max(seq) + 10000, 0) + 1 FROM event;
)sql"};

} // namespace

std::span<const char* const> schemaSteps() { return kSteps; }

void migrate(Sqlite& db, std::span<const char* const> steps)
{
    const auto known = static_cast<std::int64_t>(steps.size());
    auto version = db.number("PRAGMA user_version");
    if (version < 0 || version > known)
        throw Error(Category::FailedPrecondition,
                    "it was written by a newer teehost: its schema is " + std::to_string(version) +
                        ", this one knows " + std::to_string(known),
                    "install that version again, or use another state.dir");
    for (; version < known; ++version)
        db.transaction([&] {
            db.run(steps[static_cast<std::size_t>(version)]);
            db.run("PRAGMA user_version = " + std::to_string(version + 1));
        });
}

} // namespace teehost::store
