// SPDX-License-Identifier: Apache-2.0
//
// Results of preparation steps that a plugin allows to be run before a VM is asked for (TH_SIDECAR_AHEAD):
// software TPMs above all. Each has the id of the one VM it is for.
//
// The results of one are in a directory of their own, 0700 and of QEMU's user, under runtime.dir/ahead, on
// the file system of the VMs' directories: a tmpfs, since there are keys among them. The daemon knows them by
// its memory alone. What an earlier daemon made is never used, and a directory that was copied or is found
// again is of no use to anybody: so a crash wastes results and never gives two VMs the same.
#pragma once

#include "host/base/async.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "host/base/vm_id.h"
#include "host/launch/vm_dirs.h"
#include "host/plugin/fragment.h"

namespace teehost::vm {

/// The steps of one plugin that may be run ahead, and the files they may read. Two that are equal have equal
/// results, but for what is random in them.
struct AheadWork {
    std::vector<plugin::SidecarPlan> steps;
    std::vector<plugin::FilePlan> files;
    bool operator==(const AheadWork&) const = default;
};

/// The work in all the fragments of a VM; empty when none has such a step.
[[nodiscard]] std::vector<AheadWork> aheadWorkOf(const std::vector<plugin::Fragment>& fragments);

/// The same to be done in the directory `to` in the place of `from`.
[[nodiscard]] AheadWork relocated(const AheadWork& work, const std::string& from, const std::string& to);

/// Results, complete. Its owner moves them to the VM, or removes them.
struct MadeAhead {
    VmId id;
    std::string backend; ///< of VMs that it was made for
    std::vector<AheadWork> work;
    launch::VmDirs dirs;
    std::vector<std::string> results; ///< paths of the files made, relative to the run directory
};

/// io_context thread only.
class AheadPool : public std::enable_shared_from_this<AheadPool> {
public:
    /// `wanted` is how many are kept.
    AheadPool(asio::io_context& io, Workers& pool, std::size_t wanted, const Log& log)
        : pool_(pool), log_(log), wanted_(wanted), changed_(std::make_shared<Signal>(io))
    {
    }

    /// Holds what it took for one create; gives it back when that came to no VM.
    class Reservation {
    public:
        Reservation() = default;
        Reservation(std::weak_ptr<AheadPool> from, MadeAhead made)
            : from_(std::move(from)), made_(std::move(made))
        {
        }
        Reservation(Reservation&& other) noexcept
            : from_(std::move(other.from_)), made_(std::exchange(other.made_, std::nullopt))
        {
        }
        Reservation& operator=(Reservation&&) = delete;
        ~Reservation();

        /// The id that the VM must get to use it.
        [[nodiscard]] std::optional<VmId> id() const;
        /// Says that the VM with that id now exists. Returns the results when `fragments` ask for just those;
        /// else they are removed, since their id is used up.
        [[nodiscard]] std::optional<MadeAhead> claim(const std::vector<plugin::Fragment>& fragments);

    private:
        std::weak_ptr<AheadPool> from_;
        std::optional<MadeAhead> made_;
    };

    [[nodiscard]] bool full() const noexcept { return ready_.size() >= wanted_; }
    /// The signal to notify when more may be made.
    [[nodiscard]] const std::shared_ptr<Signal>& changed() const noexcept { return changed_; }
    void add(MadeAhead made) { ready_.push_back(std::move(made)); }
    /// Empty when there is none for that backend.
    [[nodiscard]] Reservation reserve(const std::string& backend);
    /// Removes it, soon. No process may write there any more.
    void discard(MadeAhead made);

private:
    Workers& pool_;
    const Log& log_;
    std::size_t wanted_;
    std::deque<MadeAhead> ready_;
    std::shared_ptr<Signal> changed_;
};

} // namespace teehost::vm
