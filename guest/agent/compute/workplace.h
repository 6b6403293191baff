// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "guest/agent/compute/upload.h"

namespace teehost::guest {

/// The files of one computation at a time:
///
///     ROOT/incoming         uploads on their way; for the agent alone
///     ROOT/work/algo        the program
///     ROOT/work/datasets/   the data
///     ROOT/work/unpacked/   one dataset while it is unpacked
///     ROOT/work/results/    what the algorithm leaves there is the result
///     ROOT/tmp/             /tmp of the algorithm; not in its working directory, where it could be replaced
class Workplace {
public:
    enum class Storage {
        Tmpfs,    ///< a file system of its own on ROOT, in memory, of kShareOfMemory; for root only
        Directory ///< as it is; for tests
    };

    /// `owner` is the user that the algorithm runs as. Throws std::system_error.
    Workplace(std::filesystem::path root, Storage storage, uid_t owner);

    /// Forgets all files and begins anew; uploads that are open fail from then on. In a tmpfs nothing of a
    /// hostile tree of directories is walked through.
    void clear();

    /// Makes an empty directory unpacked(), without what was in one before.
    void beginUnpacking();
    /// Moves all that is in unpacked() to the datasets, or nothing: returns a sentence when a name is taken
    /// there already, or is one of `reserved`.
    [[nodiscard]] std::string keepUnpacked(const std::set<std::string>& reserved);
    /// Removes unpacked().
    void endUnpacking();

    /// Begins an upload. May be called from any thread, unlike the other members.
    [[nodiscard]] Upload upload(std::string what, std::uint64_t limit);
    [[nodiscard]] std::filesystem::path work() const { return root_ / "work"; }
    [[nodiscard]] std::filesystem::path program() const { return work() / "algo"; }
    [[nodiscard]] std::filesystem::path requirements() const { return work() / "requirements.txt"; }
    [[nodiscard]] std::filesystem::path datasets() const { return work() / "datasets"; }
    [[nodiscard]] std::filesystem::path unpacked() const { return work() / "unpacked"; }
    [[nodiscard]] std::filesystem::path results() const { return work() / "results"; }
    [[nodiscard]] std::filesystem::path tmp() const { return root_ / "tmp"; }

private:
    void makeForOwner(const std::filesystem::path& directory) const;

    std::filesystem::path root_;
    Storage storage_;
    uid_t owner_;
    bool mounted_ = false;
    std::mutex mutex_;
    std::vector<std::weak_ptr<UploadFile>> uploads_; ///< guarded by mutex_
};

} // namespace teehost::guest
