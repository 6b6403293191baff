// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/cvms-server/service.h"

#include <algorithm>

namespace teehost::cvms_server {
namespace {

using nlohmann::ordered_json;

std::string jobIdOf(const grpc::ServerContext& context)
{
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find("job-id");
    return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

/// The name in the client's certificate, or null.
ordered_json clientOf(const grpc::ServerContext& context)
{
    const auto names = context.auth_context()->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
    return names.empty() ? ordered_json(nullptr)
                         : ordered_json(std::string(names.front().data(), names.front().size()));
}

} // namespace

grpc::Status Service::process(grpc::ServerContext& context, Stream& stream)
{
    const auto open = std::make_shared<Open>(jobIdOf(context), context, stream);
    lines_.print({{"type", "opened"},
                  {"job_id", open->jobId},
                  {"peer", context.peer()},
                  {"client", clientOf(context)}});
    {
        const std::lock_guard lock(mutex_);
        open_.push_back(open);
    }
    for (cvms::ClientStreamMessage message; stream.Read(&message);)
        lines_.print(describe(open->jobId, message));
    {
        const std::lock_guard lock(mutex_);
        std::erase(open_, open);
    }
    const std::lock_guard lock(open->writing);
    open->ended = true;
    lines_.print({{"type", "closed"}, {"job_id", open->jobId}});
    return grpc::Status::OK;
}

std::size_t Service::ask(const std::string& jobId, const cvms::ServerStreamMessage& request)
{
    std::vector<std::shared_ptr<Open>> all, meant;
    {
        const std::lock_guard lock(mutex_);
        all = open_;
    }
    std::copy_if(all.begin(), all.end(), std::back_inserter(meant),
                 [&](const auto& open) { return open->jobId == jobId; });
    const auto& chosen = meant.empty() ? all : meant;
    for (const auto& open : chosen) {
        const std::lock_guard lock(open->writing);
        if (!open->ended)
            open->stream.Write(request);
    }
    return chosen.size();
}

void Service::cut()
{
    const std::lock_guard lock(mutex_);
    for (const auto& open : open_)
        open->context.TryCancel(); // what is in open_ has not ended
}

} // namespace teehost::cvms_server
