// SPDX-License-Identifier: Apache-2.0
//
// What was made for VMs that nobody has asked for yet: the results of preparation steps that a plugin allows
// to be run ahead (TH_SIDECAR_AHEAD), a software TPM above all. Each has the id of the one VM it is for.
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

/// Of all the fragments of a VM; empty when none has such a step.
[[nodiscard]] std::vector<AheadWork> aheadWorkOf(const std::vector<plugin::Fragment>& fragments);

/// The same to be done in the directory `to` in the place of `from`.
[[nodiscard]] AheadWork relocated(const AheadWork& work, const std::string& from, const std::string& to);

/// Results, complete. Its owner moves them to the VM, or removes them.
struct MadeAhead {
    VmId id;
    std::string backend; ///< of VMs that it was made for
    std::vector<AheadWork> work;
    launch::VmDirs dirs;
};

/// io_context thread only.
class AheadPool : public std::enable_shared_from_this<AheadPool> {
public:
    AheadPool(asio::io_context& io, asio::thread_pool& pool)
        : pool_(pool), changed(std::make_shared<Signal>(io))
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
        /// The VM with that id now exists. Returns what was made when `fragments` ask for just that; else it
        /// is removed, since its id is used up.
        [[nodiscard]] std::optional<MadeAhead> claim(const std::vector<plugin::Fragment>& fragments);

    private:
        std::weak_ptr<AheadPool> from_;
        std::optional<MadeAhead> made_;
    };

    [[nodiscard]] std::size_t size() const noexcept { return ready_.size(); }
    void add(MadeAhead made) { ready_.push_back(std::move(made)); }
    /// Empty when there is none for that backend.
    [[nodiscard]] Reservation reserve(const std::string& backend);
    /// Removes it, soon.
    void discard(MadeAhead made);

private:
    asio::thread_pool& pool_;
    std::deque<MadeAhead> ready_;

public:
    const std::shared_ptr<Signal> changed; ///< to be notified when more may be made
};

} // namespace teehost::vm
