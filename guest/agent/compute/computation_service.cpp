// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/computation_service.h"

#include <algorithm>
#include <string>
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
constexpr int kMaxUploads = 8;
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

/// What `body` returns. When it refuses, the rest of the upload is read and dropped first: a client in Go
/// whose server ends the call while it sends learns of nothing but "EOF", which is what the Cocos CLI shows.
template <class Piece, class Body>
grpc::Status takeUpload(grpc::ServerReader<Piece>& reader, Body&& body)
{
    return unlessItFails([&] {
        try {
            body();
            return grpc::Status::OK;
        } catch (const Refusal&) {
            std::size_t dropped = 0;
            for (Piece piece; dropped < kMaxDropped && reader.Read(&piece);)
                dropped += piece.ByteSizeLong() + 1; // an empty piece counts as well
            throw;
        }
    });
}

class Turn {
public:
    explicit Turn(std::atomic<int>& count) : count_(count)
    {
        if (++count_ > kMaxUploads) {
            --count_;
            throw Refusal(Refusal::Kind::Room, "the agent takes 8 uploads at a time; try again");
        }
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { --count_; }

private:
    std::atomic<int>& count_;
};

} // namespace

grpc::Status ComputationService::algo(grpc::ServerContext& context,
                                      grpc::ServerReader<agent::AlgoRequest>& reader)
{
    return takeUpload(reader, [&] {
        const auto signature = signatureOf(context);
        computation_.admitAlgorithm(signature);
        Task task = taskOf(context);
        const Turn turn(uploads_);
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
    return takeUpload(reader, [&] {
        const auto signature = signatureOf(context);
        computation_.admitDataset(signature);
        const Turn turn(uploads_);
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
