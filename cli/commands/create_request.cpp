// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/create_request.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <random>

#include "cli/attest/arguments.h"
#include "cli/client/proto_duration.h"
#include "cli/failure.h"
#include "cli/input/file.h"
#include "cli/input/labels.h"
#include "cli/input/option_types.h"
#include "host/base/text.h"

namespace teehost::cli {
namespace {

constexpr const char* kAgentGroup = "What the agent in the guest is given";
constexpr std::uint32_t kMaxCpus = 4096;
constexpr const char* kVmGroup = "What the VM is";

void addAgentOptions(const Command& command, CreateOptions& o)
{
    const auto add = [&](const char* name, auto& target, const char* value, const char* help) {
        return command.option(name, target, help).value(value).group(kAgentGroup);
    };
    add("--server-url", o.serverUrl, "HOST:PORT", "Computation management service the agent reports to");
    add("--server-ca", o.serverCa, "FILE", "CA certificate of that service, PEM");
    add("--client-key", o.clientKey, "FILE", "Private key the agent shows to that service, PEM");
    add("--client-crt", o.clientCrt, "FILE", "Certificate of that key, PEM");
    add("--ca-url", o.caUrl, "URL", "Certificate service from which the agent gets its own certificate");
    add("--log-level", o.logLevel, "LEVEL", "How much the agent logs")
        .oneOf({"debug", "info", "warn", "error"});
    add("--certs-token-file", o.certsTokenFile, "FILE",
        "Token for the certificate service, read from a file");
    add("--certs-token", o.certsToken, "TOKEN",
        "The token itself; other users of this machine can see it in ps")
        .excludes("--certs-token-file");
    add("--aws-access-key-id", o.awsAccessKeyId, "KEY-ID",
        "S3 credentials of the agent [$AWS_ACCESS_KEY_ID]");
    add("--aws-secret-access-key", o.awsSecretAccessKey, "SECRET",
        "Their secret; better in the environment, where ps does not show it [$AWS_SECRET_ACCESS_KEY]");
    add("--aws-endpoint-url", o.awsEndpointUrl, "URL", "S3 service other than Amazon's");
    add("--aws-region", o.awsRegion, "REGION", "S3 region");
    add("--aa-kbs-params", o.aaKbsParams, "TEXT", "Key broker parameters of the attestation agent");
}

/// Absent when that is no policy.
std::optional<std::uint32_t> restartCount(std::string_view policy)
{
    constexpr std::string_view kOnFailure = "on-failure";
    constexpr std::uint32_t kUsual = 3;
    if (policy.empty() || policy == "never")
        return 0;
    if (policy == kOnFailure)
        return kUsual;
    std::uint32_t count = 0;
    if (!policy.starts_with(kOnFailure) || policy[kOnFailure.size()] != ':')
        return std::nullopt;
    const char* const end = policy.data() + policy.size();
    const auto [stop, error] = std::from_chars(policy.data() + kOnFailure.size() + 1, end, count);
    return error == std::errc() && stop == end && count > 0 ? std::optional(count) : std::nullopt;
}

void addVmOptions(const Command& command, CreateOptions& o)
{
    const auto add = [&](const char* name, auto& target, const char* value, const char* help) {
        return command.option(name, target, help).value(value).group(kVmGroup);
    };
    add("--backend", o.backend, "NAME", "TEE plugin, see: teehost backends (default: the daemon's choice)");
    addNumber(command, "--cpus", o.cpus, 1, kMaxCpus, "Virtual CPUs (default: the daemon's qemu.smp.count)")
        .group(kVmGroup);
    addSize(command, "--memory", o.memory, "Memory, 2G or 512M (default: the daemon's qemu.memory.size)")
        .group(kVmGroup);
    add("--kernel", o.kernel, "PATH", "Kernel on the daemon's host, inside its vm.image_dirs");
    add("--initrd", o.initrd, "PATH", "Initial RAM disk, likewise");
    add("--cmdline", o.cmdline, "TEXT", "Kernel command line, if the daemon has vm.allow_cmdline");
    add("--host-data", o.hostData, "HEX|@FILE",
        "What the VM's evidence is to bind beside its contents, in hexadecimal or as the bytes of a file; "
        "needs a "
        "confidential backend");
    addDuration(command, "--ttl", o.ttl, "How long the VM may live, 1h30m (default: until it is removed)")
        .group(kVmGroup);
    add("--restart", o.restart, "POLICY",
        "never, or on-failure[:COUNT]: launch the VM again when it fails, at most COUNT times (default: "
        "never; "
        "COUNT 3)")
        .check([](const std::string& text) -> std::string {
            return restartCount(text) ? "" : "is never, on-failure, or on-failure:COUNT";
        });
    add("--ready", o.ready, "SIGN",
        "When the VM counts as up: port (a program listens on the agent's port), guest (the guest's network "
        "answers, or its console shows that it has booted), none (QEMU runs), or auto (default: the daemon's "
        "agent.ready)")
        .oneOf({"auto", "port", "guest", "none"});
    add("--on-boot-timeout", o.onBootTimeout, "REACTION",
        "When it is not up in time: report, or end (default: the daemon's vm.on_boot_timeout)")
        .oneOf({"report", "end"});
    add("--label", o.labels, "KEY=VALUE", "Label to find it by later").oneValueEach();
}

/// 128 random bits: two clients do not choose the same.
std::string randomKey()
{
    std::random_device random;
    std::string key = "teehost-cli-";
    for (int i = 0; i < 32; ++i)
        key += "0123456789abcdef"[random() & 0xF];
    return key;
}

std::string optionalFile(const std::filesystem::path& path, std::string_view option)
{
    return path.empty() ? std::string() : readSmallFile(path, option);
}

/// Hexadecimal digits, or the bytes of "@FILE". What a backend takes is its own matter.
std::string readHostData(const std::string& text)
{
    constexpr std::size_t kMaxBytes = 64 * 1024;
    if (text.starts_with('@'))
        return readFileOrInput(text.substr(1), "--host-data", kMaxBytes);
    if (text.empty())
        return {};
    const auto bytes = parseHexArgument(text, "--host-data", kMaxBytes);
    return {bytes.begin(), bytes.end()};
}

/// A token file ends in a line break that is not part of the token.
std::string readToken(const CreateOptions& o)
{
    if (o.certsTokenFile.empty())
        return o.certsToken;
    std::string token = readSmallFile(o.certsTokenFile, "--certs-token-file");
    while (token.ends_with('\n') || token.ends_with('\r'))
        token.pop_back();
    if (token.empty())
        throw UsageFailure("--certs-token-file: \"" + o.certsTokenFile.string() + "\" is empty");
    if (!isUtf8(token))
        throw UsageFailure("--certs-token-file: \"" + o.certsTokenFile.string() + "\" is not UTF-8 text");
    return token;
}

std::string orEnvironment(const std::string& value, const char* name)
{
    const char* found = value.empty() ? std::getenv(name) : nullptr;
    if (found != nullptr && !isUtf8(found))
        throw UsageFailure(std::string(name) + ": the value is not UTF-8");
    return found == nullptr ? value : found;
}

void fillAws(const CreateOptions& o, v1::AgentConfig& agent)
{
    if (o.awsAccessKeyId.empty() && o.awsSecretAccessKey.empty() && o.awsEndpointUrl.empty() &&
        o.awsRegion.empty())
        return;
    agent.set_aws_access_key_id(orEnvironment(o.awsAccessKeyId, "AWS_ACCESS_KEY_ID"));
    agent.set_aws_secret_access_key(orEnvironment(o.awsSecretAccessKey, "AWS_SECRET_ACCESS_KEY"));
    agent.set_aws_endpoint_url(o.awsEndpointUrl);
    agent.set_aws_region(o.awsRegion);
    if (agent.aws_access_key_id().empty() != agent.aws_secret_access_key().empty())
        throw UsageFailure("of the S3 access key id and its secret only one is given",
                           "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
}

void fillAgent(const CreateOptions& o, v1::AgentConfig& agent)
{
    if (o.clientKey.empty() != o.clientCrt.empty())
        throw UsageFailure("--client-key and --client-crt go together, and only one of them is given");
    agent.set_server_url(o.serverUrl);
    agent.set_server_ca_cert(optionalFile(o.serverCa, "--server-ca"));
    agent.set_client_key(optionalFile(o.clientKey, "--client-key"));
    agent.set_client_cert(optionalFile(o.clientCrt, "--client-crt"));
    agent.set_ca_url(o.caUrl);
    agent.set_log_level(o.logLevel);
    agent.set_certs_token(readToken(o));
    agent.set_aa_kbs_params(o.aaKbsParams);
    fillAws(o, agent);
}

} // namespace

void addCreateOptions(const Command& command, CreateOptions& options)
{
    addVmOptions(command, options);
    addAgentOptions(command, options);
}

std::string optionOfField(const std::string& message)
{
    constexpr std::pair<std::string_view, std::string_view> kOptions[] = {
        {"vcpus", "--cpus"},
        {"memory_bytes", "--memory"},
        {"kernel", "--kernel"},
        {"initrd", "--initrd"},
        {"cmdline", "--cmdline"},
        {"host_data", "--host-data"},
        {"backend", "--backend"},
        {"ttl", "--ttl"},
        {"labels", "--label"},
        {"max_restarts", "--restart"},
        {"ready", "--ready"},
        {"agent.log_level", "--log-level"},
        {"agent.server_url", "--server-url"},
        {"agent.ca_url", "--ca-url"},
        {"agent.server_ca_cert", "--server-ca"},
        {"agent.client_key", "--client-key"},
        {"agent.client_cert", "--client-crt"},
        {"agent.certs_token", "--certs-token"},
        {"agent.aws_access_key_id", "--aws-access-key-id"},
        {"agent.aws_secret_access_key", "--aws-secret-access-key"},
        {"agent.aws_endpoint_url", "--aws-endpoint-url"},
        {"agent.aws_region", "--aws-region"},
        {"agent.aa_kbs_params", "--aa-kbs-params"},
    };
    for (const auto& [field, option] : kOptions)
        if (message.starts_with(std::string(field) + ": "))
            return std::string(option) + message.substr(field.size());
    return message;
}

v1::CreateVmRequest toRequest(const CreateOptions& o)
{
    v1::CreateVmRequest request;
    request.set_idempotency_key(randomKey());
    fillAgent(o, *request.mutable_agent());
    request.set_backend(o.backend);
    if (o.cpus)
        request.set_vcpus(*o.cpus);
    if (o.memory)
        request.set_memory_bytes(*o.memory);
    request.set_kernel(o.kernel);
    request.set_initrd(o.initrd);
    if (o.cmdline)
        request.set_cmdline(*o.cmdline);
    request.set_host_data(readHostData(o.hostData));
    if (o.ttl)
        *request.mutable_ttl() = toProto(*o.ttl);
    request.set_max_restarts(restartCount(o.restart).value_or(0));
    request.set_ready(o.ready);
    if (!o.onBootTimeout.empty())
        request.set_end_on_boot_timeout(o.onBootTimeout == "end");
    for (const auto& [key, value] : parseLabels(o.labels))
        (*request.mutable_labels())[key] = value;
    return request;
}

} // namespace teehost::cli
