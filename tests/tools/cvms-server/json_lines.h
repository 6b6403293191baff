// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>

#include <nlohmann/json.hpp>

#include "cvms.pb.h"

namespace teehost::cvms_server {

/// Standard output: an object a line. Guests are not trusted: control characters and whatever is not ASCII
/// are escaped, and what is no UTF-8 becomes U+FFFD, so that a line cannot forge another or drive a terminal.
/// Any thread.
class JsonLines {
public:
    void print(const nlohmann::ordered_json& object);

private:
    std::mutex mutex_;
};

/// {"type":"agent_log","job_id":...,...}: the fields of the message, times as RFC 3339.
[[nodiscard]] nlohmann::ordered_json describe(const std::string& jobId,
                                              const cvms::ClientStreamMessage& message);

} // namespace teehost::cvms_server
