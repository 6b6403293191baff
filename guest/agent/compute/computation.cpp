// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/computation.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "guest/agent/compute/names.h"
#include "guest/agent/compute/refusal.h"
#include "guest/agent/printable.h"

namespace teehost::guest {

using Kind = Refusal::Kind;

namespace {

constexpr auto kReadOnly = static_cast<std::filesystem::perms>(0644);
constexpr auto kExecutable = static_cast<std::filesystem::perms>(0755);

} // namespace

Computation::Computation(Origin origin, Workplace& workplace, Runner& runner, const Console& console)
    : origin_(origin), workplace_(workplace), runner_(runner), console_(console),
      state_(origin == Origin::Manifest ? State::Manifest : State::Algorithm)
{
    const std::lock_guard lock(mutex_);
    enter(state_);
}

Computation::~Computation()
{
    std::unique_lock lock(mutex_);
    endRun(lock);
}

std::string_view Computation::nameOf(State state)
{
    static constexpr std::string_view kNames[] = {
        "ReceivingManifest", "ReceivingAlgorithm", "ReceivingData", "Running",
        "ConsumingResults",  "Complete",           "Failed"};
    return kNames[static_cast<std::size_t>(state)];
}

void Computation::enter(State state)
{
    static constexpr GuestEvent kEvents[] = {GuestEvent::AwaitingManifest, GuestEvent::AwaitingAlgorithm,
                                             GuestEvent::AwaitingData,     GuestEvent::RunStarted,
                                             GuestEvent::ResultReady,      GuestEvent::ResultTaken,
                                             GuestEvent::RunFailed};
    state_ = state;
    console_.event(kEvents[static_cast<std::size_t>(state)]);
    changed_.notify_all();
}

void Computation::require(State state, const char* what) const
{
    if (state_ != state)
        throw Refusal(Kind::State, "the agent is in the state " + std::string(nameOf(state_)) +
                                       " and takes " + what + " in the state " + std::string(nameOf(state)) +
                                       " only");
}

/// Refuses without a manifest where only a manifest says who may do what.
void Computation::requireManifest() const
{
    if (origin_ == Origin::Manifest && !manifest_)
        throw Refusal(Kind::State, "the agent is in the state " + std::string(nameOf(state_)) +
                                       " and has no manifest: nothing is taken and nothing given before the "
                                       "computation-management service has sent one");
}

bool Computation::isOver() const
{
    return state_ == State::Ready || state_ == State::Complete || state_ == State::Failed;
}

/// Forgets everything but the files, and cannot fail: tidy() removes those.
void Computation::forget()
{
    if (thread_.joinable())
        thread_.join(); // it has nothing left to do
    manifest_.reset();
    // Gives the memory back even while a client reads the result, who gets no more. Without one it fails.
    [[maybe_unused]] const auto shortened = ::ftruncate(result_.get(), 0);
    result_.reset();
    failure_.clear();
    received_.clear();
    datasets_ = 0;
    task_ = {};
    ++number_;
}

/// Removes the files of the computation before, unless that is done.
void Computation::tidy()
{
    if (!untidy_)
        return;
    workplace_.clear();
    untidy_ = false;
}

void Computation::begin(Manifest manifest)
{
    const std::lock_guard lock(mutex_);
    if (manifest_ && manifest_->id == manifest.id) {
        if (manifest_->bytes == manifest.bytes)
            return; // asked again after a lost connection
        throw Refusal(Kind::State, "the agent has another manifest of the same identifier; stop that "
                                   "computation first");
    }
    if (origin_ != Origin::Manifest || state_ != State::Manifest)
        throw Refusal(Kind::State, "the agent is in the state " + std::string(nameOf(state_)) +
                                       " of another computation; stop that one first");
    tidy();
    received_.assign(manifest.datasets.size(), false);
    manifest_ = std::move(manifest);
    console_.setComputation(manifest_->id);
    console_.line("computation " + printable(manifest_->id, 64) + ": 1 algorithm and " +
                  std::to_string(received_.size()) + " datasets are expected");
    enter(State::Algorithm);
}

void Computation::stop(std::string_view id)
{
    std::unique_lock lock(mutex_);
    if (!manifest_ || manifest_->id != id)
        throw Refusal(Kind::State, "nothing to stop: the agent has no computation of that identifier");
    endRun(lock);
    // Everything that decides who may do what is gone before anything can fail.
    untidy_ = true;
    forget();
    console_.line("the computation was stopped");
    console_.event(GuestEvent::Stopped);
    console_.setComputation({});
    enter(State::Manifest);
    tidy();
}

void Computation::admitAlgorithm(std::string_view signature)
{
    const std::lock_guard lock(mutex_);
    requireManifest();
    if (manifest_ && !manifest_->algorithm.key.hasSigned(kAlgorithmProvider, signature))
        refuseSignature(kAlgorithmProvider);
    if (origin_ == Origin::Anybody && isOver())
        tidy(); // before the upload, which lies among the files
    else
        require(State::Algorithm, "an algorithm");
}

void Computation::takeAlgorithm(std::string_view signature, Upload program, Upload requirements, Task task)
{
    const std::lock_guard lock(mutex_);
    requireManifest();
    const bool replaces = origin_ == Origin::Anybody && isOver() && !untidy_;
    if (!replaces)
        require(State::Algorithm, "an algorithm");
    if (program.size() == 0)
        throw Refusal(Kind::Input, "the algorithm is empty");
    if (replaces) { // the result of the one before is kept until then
        forget();
        enter(State::Algorithm);
    }
    if (manifest_) {
        if (!manifest_->algorithm.key.hasSigned(kAlgorithmProvider, signature))
            refuseSignature(kAlgorithmProvider); // the manifest may be another one by now
        if (program.hash() != manifest_->algorithm.hash)
            throw Refusal(Kind::Input, "the algorithm's SHA3-256 is not the one that the manifest names");
    }
    program.moveTo(workplace_.program(), kExecutable);
    if (requirements.size() != 0) {
        requirements.moveTo(workplace_.requirements(), kReadOnly);
        console_.line("the algorithm's requirements are not installed: it has the packages of this image");
    }
    task_ = std::move(task);
    if (manifest_ && manifest_->datasets.empty())
        start();
    else
        enter(State::Data);
}

void Computation::admitDataset(std::string_view signature)
{
    const std::lock_guard lock(mutex_);
    requireManifest();
    const auto isOf = [&](const auto& dataset) { return dataset.key.hasSigned(kDataProvider, signature); };
    if (manifest_ && std::none_of(manifest_->datasets.begin(), manifest_->datasets.end(), isOf))
        refuseSignature(kDataProvider);
    require(State::Data, "data");
}

/// The index of the manifest's dataset that this is.
std::size_t Computation::declared(std::string_view signature, const Upload& dataset,
                                  const std::string& name) const
{
    bool isTheirs = false, isNamed = false;
    const std::string hash = dataset.hash();
    for (std::size_t i = 0; i < manifest_->datasets.size(); ++i) {
        const auto& expected = manifest_->datasets[i];
        if (!expected.key.hasSigned(kDataProvider, signature))
            continue;
        isTheirs = true;
        if (received_[i] || (!expected.filename.empty() && expected.filename != name))
            continue;
        isNamed = true;
        if (expected.hash == hash)
            return i;
    }
    if (!isTheirs)
        refuseSignature(kDataProvider);
    throw Refusal(Kind::Input,
                  isNamed
                      ? "the dataset's SHA3-256 is not one that the manifest names for its provider"
                      : "the manifest names no dataset of this file name for its provider, or it is there");
}

/// Returns the file names that the manifest gives to other datasets than this one.
std::set<std::string> Computation::namesOfOthers(std::size_t index) const
{
    std::set<std::string> names;
    for (std::size_t i = 0; manifest_ && i < manifest_->datasets.size(); ++i)
        if (i != index)
            names.insert(manifest_->datasets[i].filename);
    names.erase("");
    return names;
}

/// Unpacks beside the datasets and keeps all or nothing of it. The mutex is free meanwhile.
void Computation::unpack(std::unique_lock<std::mutex>& lock, const Upload& dataset,
                         const std::set<std::string>& reserved, const std::function<bool()>& givenUp)
{
    workplace_.beginUnpacking();
    unpacking_ = true;
    lock.unlock();
    std::string failure;
    try {
        failure = runner_.unpack(dataset.file(), [&] { return stopping_ || givenUp(); });
    } catch (const std::exception& e) {
        failure = e.what();
    }
    lock.lock();
    unpacking_ = false;
    changed_.notify_all();
    if (stopping_)
        throw Refusal(Kind::State, "the computation was stopped while the dataset was unpacked");
    try {
        if (failure.empty())
            failure = workplace_.keepUnpacked(reserved);
        workplace_.endUnpacking();
    } catch (const std::exception& e) {
        failure = e.what();
    }
    if (!failure.empty())
        throw Refusal(Kind::Input, "the dataset cannot be unpacked: " + failure);
}

void Computation::takeDataset(std::string_view signature, Upload dataset, const std::string& name,
                              Unpack unpacks, const std::function<bool()>& givenUp)
{
    std::unique_lock lock(mutex_);
    while (unpacking_ && !stopping_ && !givenUp())
        changed_.wait_for(lock, kLookForGivenUp);
    if (unpacking_ || stopping_)
        throw Refusal(Kind::State, "another dataset is being unpacked");
    requireManifest();
    require(State::Data, "data");
    if (unpacks == Unpack::No && !isFileName(name))
        throw Refusal(Kind::Input,
                      "the file name of a dataset is a name of at most 255 bytes, without slash, "
                      "backslash and control characters");
    if (!manifest_ && datasets_ == kMaxDatasets)
        throw Refusal(Kind::Room, "a computation has at most 256 datasets");
    const auto index = manifest_ ? declared(signature, dataset, name) : 0;
    const auto reserved = namesOfOthers(index);
    if (unpacks == Unpack::Yes) {
        unpack(lock, dataset, reserved, givenUp);
    } else {
        if (reserved.contains(name))
            throw Refusal(Kind::Input, "the manifest gives this file name to another dataset");
        dataset.moveTo(workplace_.datasets() / name, kReadOnly);
    }
    ++datasets_;
    if (!manifest_)
        return;
    received_[index] = true;
    if (std::all_of(received_.begin(), received_.end(), [](bool is) { return is; }))
        start();
}

} // namespace teehost::guest
