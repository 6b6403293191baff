// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/computation_service.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/task_metadata.h"
#include "guest/agent/rpc_status.h"
#include "guest/agent/system_call.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kPiece = 1u << 20; // well below gRPC's limit of 4 MiB a message
constexpr int kMaxUploads = 8, kMaxResults = 8, kMaxDrains = 8;
constexpr std::chrono::seconds kDrainLimit{60};
constexpr std::size_t kMaxDropped = 256u << 20;
constexpr const char* kInterpreters = "/usr/bin/";

/// The last value of a name; empty without.
std::string metadata(const grpc::ServerContext& context, const char* name)
{
    const auto& all = context.client_metadata();
    const auto [first, end] = all.equal_range(name);
    std::string value;
    for (auto at = first; at != end; ++at)
        value.assign(at->second.data(), at->second.size());
    return value;
}

std::string signatureOf(const grpc::ServerContext& context) { return metadata(context, "signature"); }

Task taskOf(const grpc::ServerContext& context)
{
    std::vector<std::string> arguments;
    const auto [first, end] = context.client_metadata().equal_range("algo_args");
    for (auto at = first; at != end; ++at)
        arguments.emplace_back(at->second.data(), at->second.size());
    Task task =
        readTask(metadata(context, "algo_type"), metadata(context, "python_runtime"), std::move(arguments));
    if (task.kind == Task::Kind::Python && ::access((kInterpreters + task.interpreter).c_str(), X_OK) != 0)
        throw Refusal(Refusal::Kind::State,
                      "this image has no " + task.interpreter + ": make one with guest/build --with-python");
    return task;
}

/// An upload that was broken off is no shorter one.
void requireWhole(const grpc::ServerContext& context)
{
    if (context.IsCancelled())
        throw Refusal(Refusal::Kind::State, "the upload was broken off");
}

/// One of a bounded number of things that are done at a time.
class Turn {
public:
    Turn(std::atomic<int>& count, int most) : count_(count), granted_(++count_ <= most) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { --count_; }

    [[nodiscard]] bool granted() const noexcept { return granted_; }
    /// Throws Refusal unless it was granted.
    void require(const char* what) const
    {
        if (!granted_)
            throw Refusal(Refusal::Kind::Room,
                          "the agent has " + std::string(what) + " at a time; try again");
    }

private:
    std::atomic<int>& count_;
    const bool granted_;
};

/// Cancels the call when it is not done in time: a read that waits for the client has no limit of its own.
class Deadline {
public:
    Deadline(grpc::ServerContext& context, std::chrono::seconds limit)
        : thread_([this, &context, limit] {
              std::unique_lock lock(mutex_);
              if (!changed_.wait_for(lock, limit, [this] { return done_; }))
                  context.TryCancel();
          })
    {
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline()
    {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false; ///< guarded by mutex_
    std::thread thread_;
};

/// Reads the rest of a refused upload, within bounds, and drops it: a client in Go whose server ends the call
/// while it sends learns of nothing but "EOF", which is what the Cocos CLI shows.
template <class Piece>
void drain(grpc::ServerContext& context, grpc::ServerReader<Piece>& reader, std::atomic<int>& drains)
{
    const Turn turn(drains, kMaxDrains);
    if (!turn.granted())
        return;
    const Deadline deadline(context, kDrainLimit);
    std::size_t dropped = 0;
    for (Piece piece; dropped < kMaxDropped && reader.Read(&piece);)
        dropped += piece.ByteSizeLong() + 1; // an empty piece counts as well
}

/// Returns the status of `body`. When it refuses, the rest of the upload is read first.
template <class Piece, class Body>
grpc::Status takeUpload(grpc::ServerContext& context, grpc::ServerReader<Piece>& reader,
                        std::atomic<int>& drains, Body&& body)
{
    return unlessItFails([&] {
        try {
            body();
            return grpc::Status::OK;
        } catch (const Refusal&) {
            drain(context, reader, drains);
            throw;
        }
    });
}

} // namespace

grpc::Status ComputationService::algo(grpc::ServerContext& context,
                                      grpc::ServerReader<agent::AlgoRequest>& reader)
{
    return takeUpload(context, reader, drains_, [&] {
        const auto signature = signatureOf(context);
        computation_.admitAlgorithm(signature);
        Task task = taskOf(context);
        const Turn turn(uploads_, kMaxUploads);
        turn.require("8 uploads");
        auto program = workplace_.upload("the algorithm", kMaxAlgorithmBytes);
        auto requirements = workplace_.upload("the requirements file", kMaxRequirementsBytes);
        for (agent::AlgoRequest piece; reader.Read(&piece);) {
            program.append(piece.algorithm());
            requirements.append(piece.requirements());
        }
        requireWhole(context);
        computation_.takeAlgorithm(signature, std::move(program), std::move(requirements), std::move(task));
    });
}

grpc::Status ComputationService::data(grpc::ServerContext& context,
                                      grpc::ServerReader<agent::DataRequest>& reader)
{
    return takeUpload(context, reader, drains_, [&] {
        const auto signature = signatureOf(context);
        computation_.admitDataset(signature);
        const Turn turn(uploads_, kMaxUploads);
        turn.require("8 uploads");
        auto dataset = workplace_.upload("the dataset", kMaxDatasetBytes);
        std::string name;
        for (agent::DataRequest piece; reader.Read(&piece);) {
            dataset.append(piece.dataset());
            if (!piece.filename().empty())
                name = piece.filename();
        }
        requireWhole(context);
        const auto unpack =
            metadata(context, "decompress") == "true" ? Computation::Unpack::Yes : Computation::Unpack::No;
        computation_.takeDataset(signature, std::move(dataset), name, unpack,
                                 [&] { return context.IsCancelled(); });
    });
}

grpc::Status ComputationService::result(grpc::ServerContext& context,
                                        grpc::ServerWriter<agent::ResultResponse>& writer)
{
    return unlessItFails([&] {
        const Turn turn(results_, kMaxResults);
        turn.require("8 clients that ask for the result");
        const auto result = computation_.result(signatureOf(context), [&] { return context.IsCancelled(); });
        struct stat status {};
        check(::fstat(result.zip.get(), &status), "cannot see how large the result is");
        context.AddInitialMetadata("file-size", std::to_string(status.st_size));
        agent::ResultResponse piece;
        for (off_t at = 0; at < status.st_size;) {
            auto& bytes = *piece.mutable_file();
            bytes.resize(static_cast<std::size_t>(std::min<off_t>(status.st_size - at, kPiece)));
            const auto got =
                check(::pread(result.zip.get(), bytes.data(), bytes.size(), at), "cannot read the result");
            bytes.resize(static_cast<std::size_t>(got));
            if (got == 0 || !writer.Write(piece))
                return grpc::Status(grpc::StatusCode::CANCELLED, "the download was broken off");
            at += got;
        }
        computation_.resultTaken(result.computation);
        return grpc::Status::OK;
    });
}

} // namespace teehost::guest
