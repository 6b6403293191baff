// SPDX-License-Identifier: Apache-2.0
//
// From the options of create-vm to the request. The names of those that concern the agent are the ones of
// Cocos' CLI, so that scripts written for it keep working.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <teehost/v1/host.pb.h>

#include "cli/input/command.h"

namespace teehost::cli {

struct CreateOptions {
    std::string serverUrl, caUrl, logLevel, aaKbsParams;
    std::filesystem::path serverCa, clientKey, clientCrt;
    std::string certsToken;
    std::filesystem::path certsTokenFile;
    std::string awsAccessKeyId, awsSecretAccessKey, awsEndpointUrl, awsRegion;

    std::string backend;
    std::optional<std::uint32_t> cpus;
    std::optional<std::uint64_t> memory;
    std::string kernel, initrd;
    std::optional<std::string> cmdline;
    std::string hostData; ///< HEX or @FILE
    std::optional<std::chrono::nanoseconds> ttl;
    std::string restart;       ///< never, on-failure[:COUNT]
    std::string ready;         ///< auto, port, guest, none
    std::string onBootTimeout; ///< report, end
    std::vector<std::string> labels;
};

void addCreateOptions(const Command& command, CreateOptions& options);

/// Reads the files that are named. The request has an idempotency key of its own. Throws UsageFailure.
[[nodiscard]] v1::CreateVmRequest toRequest(const CreateOptions& options);

/// The daemon's refusal of a request, "memory_bytes: ...", told with the option that set the field; other
/// messages as they are.
[[nodiscard]] std::string optionOfField(const std::string& message);

} // namespace teehost::cli
