// SPDX-License-Identifier: Apache-2.0
//
// Whether a file may be loaded into the daemon. Constructors of a library run inside dlopen, so the question
// is asked before, and what was looked at is what gets loaded: the open descriptor, not the name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/unique_fd.h"

namespace teehost::plugin {

/// Every directory from / down and the file itself must belong to root and not be writable by group or
/// others, so that only root decides what code runs in the daemon.
struct TrustPolicy {
    /// Accept what belongs to the daemon's own user besides what belongs to root: for development trees. Then
    /// a sticky directory of root's, such as /tmp, may be on the path too: nobody but root and the owner of
    /// an entry can rename or replace it there, and the entry itself is held to the same rule.
    bool allowOwn = false;
};

/// A directory that passed, held open: names in it are looked up through the descriptor.
struct TrustedDirectory {
    UniqueFd fd; ///< O_PATH
    std::string path;
};

/// A file that passed.
struct TrustedFile {
    UniqueFd fd; ///< open for reading
    std::string path;
};

/// Walks to `path` one component at a time without following symbolic links. Throws NotFound when it does not
/// exist, InvalidArgument when it is not absolute or has `.` or `..` in it, PermissionDenied when a part of
/// it is not to be trusted.
[[nodiscard]] TrustedDirectory openTrustedDirectory(const std::string& path, const TrustPolicy& policy);

/// Names of the entries that end in ".so", sorted.
[[nodiscard]] std::vector<std::string> listLibraries(const TrustedDirectory& directory);

/// Opens `name` in `directory`. Throws PermissionDenied for what is not to be trusted,
/// FailedPrecondition for what is not a regular file or is the running program itself.
[[nodiscard]] TrustedFile openTrustedFile(const TrustedDirectory& directory, const std::string& name,
                                          const TrustPolicy& policy);

} // namespace teehost::plugin
