// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "host/store/sqlite.h"

namespace teehost::store {

/// The steps from an empty database to this version: step N makes schema N + 1 of schema N. Steps are only
/// ever added.
[[nodiscard]] std::span<const char* const> schemaSteps();

/// Brings the database to the last step, each in a transaction of its own; the number of steps done is its
/// user_version. Throws FailedPrecondition when it was written by a newer teehost, and SqliteError.
void migrate(Sqlite& db, std::span<const char* const> steps = schemaSteps());

} // namespace teehost::store
