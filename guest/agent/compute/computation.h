// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "guest/agent/compute/manifest.h"
#include "guest/agent/compute/runner.h"
#include "guest/agent/compute/workplace.h"
#include "guest/agent/console.h"

namespace teehost::guest {

constexpr std::uint64_t kMaxAlgorithmBytes = 256u << 20;
constexpr std::uint64_t kMaxRequirementsBytes = 1u << 20;
constexpr std::uint64_t kMaxDatasetBytes = std::uint64_t{4} << 30;

/// The life of one computation after the other: manifest, algorithm, data, run, result. A client is known by
/// its signature, "" for none. All members may be called from any thread and throw Refusal.
class Computation {
public:
    enum class Origin {
        Manifest, ///< a computation-management service says who may bring what: nothing is taken before
        Anybody   ///< there is no such service: whoever reaches the port may bring an algorithm and data
    };
    enum class Unpack { No, Yes };

    Computation(Origin origin, Workplace& workplace, Runner& runner, const Console& console);
    Computation(const Computation&) = delete;
    Computation& operator=(const Computation&) = delete;
    ~Computation();

    /// Takes the manifest of a run request; the same bytes again change nothing.
    void begin(Manifest manifest);
    /// Ends the computation and forgets all of it. When the files cannot be removed it throws, and nothing is
    /// taken before they can.
    void stop(std::string_view id);

    /// Refuses before the upload whatever can be refused.
    void admitAlgorithm(std::string_view signature);
    void takeAlgorithm(std::string_view signature, Upload program, Upload requirements, Task task);
    void admitDataset(std::string_view signature);
    /// Unpacking ends early, and in a Refusal, when `givenUp` is true or the computation is stopped.
    /// Meanwhile other datasets wait.
    void takeDataset(std::string_view signature, Upload dataset, const std::string& name, Unpack unpack,
                     const std::function<bool()>& givenUp);

    struct Result {
        UniqueFd zip;
        std::uint64_t computation = 0; ///< counted from the start of the agent
    };
    /// Returns the zip file. Without a manifest nobody has said how many datasets there are: then this starts
    /// the algorithm and waits for its end, or until `givenUp` is true.
    [[nodiscard]] Result result(std::string_view signature, const std::function<bool()>& givenUp);
    /// Notes that the result of that computation has arrived; it may not be the present one any more.
    void resultTaken(std::uint64_t computation);

private:
    enum class State { Manifest, Algorithm, Data, Running, Ready, Complete, Failed };
    static std::string_view nameOf(State state);
    static constexpr std::chrono::milliseconds kLookForGivenUp{200};

    void enter(State state);
    void require(State state, const char* what) const;
    void requireManifest() const;
    [[nodiscard]] bool isOver() const;
    void forget();
    void tidy();
    void start();
    void unpack(std::unique_lock<std::mutex>& lock, const Upload& dataset,
                const std::set<std::string>& reserved, const std::function<bool()>& givenUp);
    [[nodiscard]] std::set<std::string> namesOfOthers(std::size_t index) const;
    void run(const Task& task);
    void finish(const std::string& failure);
    void endRun(std::unique_lock<std::mutex>& lock);
    [[nodiscard]] std::size_t declared(std::string_view signature, const Upload& dataset,
                                       const std::string& name) const;

    const Origin origin_;
    Workplace& workplace_;
    Runner& runner_;
    const Console& console_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // All below: guarded by mutex_.
    State state_;
    std::optional<Manifest> manifest_;
    std::vector<bool> received_; ///< of the manifest's datasets
    std::size_t datasets_ = 0;
    Task task_;
    std::uint64_t number_ = 0; ///< of this computation
    bool unpacking_ = false;   ///< the runner unpacks, without the mutex
    bool running_ = false;     ///< thread_ has not come to its end
    std::atomic<bool> stopping_ =
        false;            ///< stop() decides what comes after the run; read without the mutex too
    bool untidy_ = false; ///< the workplace may have files of the computation before
    UniqueFd result_;     ///< the zip file; in memory, and out of the workplace
    std::string failure_;
    std::thread thread_;
};

} // namespace teehost::guest
