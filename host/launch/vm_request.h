// SPDX-License-Identifier: Apache-2.0
//
// A client's request, as the APIs hand it over: unchecked in all its parts.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/secret.h"

namespace teehost::launch {

/// The names that the API which took the request has for the agent's fields, so that a refusal names those
/// that the client wrote.
struct AgentFieldNames {
    std::string_view logLevel, serverUrl, caUrl, serverCaCert, clientKey, clientCert, certsToken,
        awsAccessKeyId, awsSecretAccessKey, awsEndpointUrl, awsRegion, aaKbsParams;
};

/// manager.CreateReq
inline constexpr AgentFieldNames kManagerFieldNames{
    "agent_log_level",       "agent_cvm_server_url",  "agent_cvm_ca_url",  "agent_cvm_server_ca_cert",
    "agent_cvm_client_key",  "agent_cvm_client_cert", "agent_certs_token", "aws_access_key_id",
    "aws_secret_access_key", "aws_endpoint_url",      "aws_region",        "aa_kbs_params"};

/// teehost.v1.AgentConfig
inline constexpr AgentFieldNames kHostFieldNames{
    "agent.log_level",        "agent.server_url",        "agent.ca_url",
    "agent.server_ca_cert",   "agent.client_key",        "agent.client_cert",
    "agent.certs_token",      "agent.aws_access_key_id", "agent.aws_secret_access_key",
    "agent.aws_endpoint_url", "agent.aws_region",        "agent.aa_kbs_params"};

struct AgentRequest {
    std::string logLevel, serverUrl, caUrl;
    Secret serverCaCert, clientKey, clientCert; ///< PEM
    Secret certsToken, awsAccessKeyId, awsSecretAccessKey;
    std::string awsEndpointUrl, awsRegion, aaKbsParams;
};

struct VmRequest {
    const AgentFieldNames* names = &kHostFieldNames;
    std::string idempotencyKey;
    std::string fingerprint; ///< digest of the whole request: what "the same request" means
    AgentRequest agent;
    std::string backend;
    std::optional<std::uint32_t> vcpus;
    std::optional<std::uint64_t> memoryBytes;
    std::string kernel, initrd;
    std::optional<std::string> cmdline;
    std::vector<std::uint8_t> hostData;
    std::optional<std::chrono::nanoseconds> ttl;
    std::map<std::string, std::string> labels;
    std::uint32_t maxRestarts = 0;
    std::string ready;                    ///< "auto", "port", "guest", "none"; empty: agent.ready
    std::optional<bool> endOnBootTimeout; ///< absent: vm.on_boot_timeout
};

} // namespace teehost::launch
