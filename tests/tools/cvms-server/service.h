// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proto/cvms_service.h"
#include "tests/tools/cvms-server/json_lines.h"

namespace teehost::cvms_server {

/// The service: prints each stream's beginning, messages and end. Its streams are gRPC's threads; ask() and
/// cut() may be called from any other.
class Service final : public cvms::ProcessService {
public:
    explicit Service(JsonLines& lines) : lines_(lines) {}

    grpc::Status process(grpc::ServerContext& context, Stream& stream) override;

    /// Sends to the streams whose job-id is `jobId`, or to all when none is. How many there were. A guest
    /// that reads nothing makes it wait.
    std::size_t ask(const std::string& jobId, const cvms::ServerStreamMessage& request);

    /// Ends every stream.
    void cut();

private:
    struct Open {
        std::string jobId;
        grpc::ServerContext& context;
        Stream& stream;
        std::mutex writing; ///< gRPC allows one write of a stream at a time
        bool ended = false; ///< guarded by `writing`: the references are dead
    };

    JsonLines& lines_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Open>> open_; ///< guarded by mutex_; shared with an ask() that is under way
};

} // namespace teehost::cvms_server
