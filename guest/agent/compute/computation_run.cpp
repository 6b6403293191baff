// SPDX-License-Identifier: Apache-2.0
//
// The part of a Computation that runs the algorithm and hands out its result.
#include <algorithm>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/agent/compute/computation.h"
#include "guest/agent/compute/memory_share.h"
#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/zip_file.h"
#include "guest/agent/system_call.h"

namespace teehost::guest {

using Kind = Refusal::Kind;

namespace {

constexpr auto kAskAgain = std::chrono::milliseconds(50);

} // namespace

/// Asks the runner again and again: it may not have come to running when it is asked first.
void Computation::endRun(std::unique_lock<std::mutex>& lock)
{
    stopping_ = true;
    while (running_ || unpacking_) {
        lock.unlock();
        runner_.stop();
        lock.lock();
        changed_.wait_for(lock, kAskAgain, [&] { return !running_ && !unpacking_; });
    }
    if (thread_.joinable())
        thread_.join();
    stopping_ = false;
}

void Computation::start()
{
    running_ = true;
    try {
        thread_ = std::thread([this, task = task_] { run(task); });
    } catch (const std::system_error& e) {
        finish(std::string("it cannot be started: ") + e.what());
        return;
    }
    enter(State::Running); // its end waits for the mutex
}

void Computation::run(const Task& task)
{
    std::string failure;
    UniqueFd zip;
    try {
        failure = runner_.run(task);
        if (failure.empty()) {
            zip.reset(check(::memfd_create("result", MFD_CLOEXEC), "cannot make a file for the result"));
            const UniqueFd results(
                check(::open(workplace_.results().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                      "cannot open results"));
            const auto report = zipDirectory(results.get(), zip.get(),
                                             {bytesOfShare(kShareOfResult), bytesOfShare(kShareOfMemory)},
                                             [&] { return stopping_.load(); });
            console_.line("the algorithm is done: " + std::to_string(report.files) + " files of results");
            if (report.left_out != 0)
                console_.line(std::to_string(report.left_out) +
                                  " entries of results were left out: they are no regular files, or have "
                                  "names that could mislead",
                              LogLevel::Warning);
        }
    } catch (const std::exception& e) {
        failure = e.what();
    }
    const std::lock_guard lock(mutex_);
    result_ = std::move(zip);
    finish(failure);
}

void Computation::finish(const std::string& failure)
{
    running_ = false;
    changed_.notify_all();
    if (stopping_)
        return;
    failure_ = failure;
    untidy_ = true;
    try {
        tidy();
    } catch (const std::exception& e) {
        console_.line(e.what(), LogLevel::Error);
    }
    if (failure_.empty()) {
        console_.event(GuestEvent::RunCompleted);
        enter(State::Ready);
    } else {
        result_.reset();
        console_.line("the algorithm failed: " + failure_, LogLevel::Error);
        enter(State::Failed);
    }
}

Computation::Result Computation::result(std::string_view signature, const std::function<bool()>& givenUp)
{
    std::unique_lock lock(mutex_);
    requireManifest();
    const auto isOf = [&](const UserKey& key) { return key.hasSigned(kConsumer, signature); };
    if (manifest_ && std::none_of(manifest_->consumers.begin(), manifest_->consumers.end(), isOf))
        refuseSignature(kConsumer);
    if (origin_ == Origin::Anybody) {
        while (unpacking_ && !givenUp())
            changed_.wait_for(lock, kLookForGivenUp);
        if (state_ == State::Data && !unpacking_)
            start();
        while (state_ == State::Running && !givenUp())
            changed_.wait_for(lock, kLookForGivenUp);
    }
    if (state_ == State::Failed)
        throw Refusal(Kind::State, "the algorithm failed: " + failure_);
    if (state_ != State::Ready && state_ != State::Complete)
        throw Refusal(Kind::State,
                      "there is no result yet: the agent is in the state " + std::string(nameOf(state_)));
    // A descriptor of its own would share the position; readers use pread.
    return {UniqueFd(check(::fcntl(result_.get(), F_DUPFD_CLOEXEC, 3), "cannot hand out the result")),
            number_};
}

void Computation::resultTaken(std::uint64_t computation)
{
    const std::lock_guard lock(mutex_);
    if (state_ == State::Ready && number_ == computation)
        enter(State::Complete);
}

} // namespace teehost::guest
