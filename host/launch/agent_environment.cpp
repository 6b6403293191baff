// SPDX-License-Identifier: Apache-2.0
#include "host/launch/agent_environment.h"

#include <algorithm>
#include <map>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

constexpr const char* kCertsToken = "AGENT_CERTS_TOKEN";
constexpr const char* kAwsAccessKeyId = "AWS_ACCESS_KEY_ID";
constexpr const char* kAwsSecretAccessKey = "AWS_SECRET_ACCESS_KEY";

constexpr std::size_t kMaxValueBytes = 16 * 1024;
constexpr std::size_t kMaxFileBytes = 64 * 1024; // the guest's agent leaves what is beyond unread
constexpr std::size_t kMaxPemBytes = 1024 * 1024;

/// Never shows the value: it may be a credential.
void checkValue(std::string_view value, std::string_view field)
{
    if (value.size() > kMaxValueBytes)
        throw InvalidArgument("is longer than " + formatSize(kMaxValueBytes), std::string(field));
    const bool control = std::any_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
    if (control)
        throw InvalidArgument(
            "contains a newline or another control character, which would inject a setting of its own "
            "into the agent's environment",
            std::string(field), "send it as one line");
    if (!isUtf8(value))
        throw InvalidArgument("is not UTF-8", std::string(field));
}

class EnvironmentFile {
public:
    void add(const std::string& name, std::string_view value, std::string_view field)
    {
        checkValue(value, field);
        lines_[name] = Secret(std::string(value));
    }

    [[nodiscard]] Secret text() const
    {
        std::size_t size = 0;
        for (const auto& [name, value] : lines_)
            size += name.size() + value.reveal().size() + 2;
        std::string out;
        out.reserve(size); // growing would leave copies behind
        for (const auto& [name, value] : lines_)
            out.append(name).append("=").append(value.reveal()).append("\n");
        Secret file(std::move(out)); // wiped, should it be refused
        if (file.reveal().size() > kMaxFileBytes)
            throw InvalidArgument("the agent's settings are " + std::to_string(file.reveal().size()) +
                                  " bytes long together, more than " + formatSize(kMaxFileBytes));
        return file;
    }

private:
    std::map<std::string, Secret> lines_;
};

void addCertificate(VmSecrets& files, const std::string& name, const Secret& pem, std::string_view field)
{
    if (pem.empty())
        return;
    if (pem.reveal().size() > kMaxPemBytes)
        throw InvalidArgument("is larger than " + formatSize(kMaxPemBytes), std::string(field));
    files.certs.push_back({name, pem});
}

} // namespace

bool isSecretVariable(std::string_view name) noexcept
{
    return name == kCertsToken || name == kAwsAccessKeyId || name == kAwsSecretAccessKey;
}

VmSecrets agentFiles(const VmId& id, const VmRequest& request)
{
    const AgentRequest& agent = request.agent;
    const AgentFieldNames& names = *request.names;
    EnvironmentFile environment;
    environment.add("AGENT_LOG_LEVEL", agent.logLevel, names.logLevel);
    environment.add("AGENT_CVM_GRPC_URL", agent.serverUrl, names.serverUrl);
    environment.add("AGENT_CVM_ID", id.text(), "id");
    environment.add(kCertsToken, agent.certsToken.reveal(), names.certsToken);
    environment.add("AGENT_CVM_CA_URL", agent.caUrl, names.caUrl);

    VmSecrets files;
    const auto addPem = [&](const char* variable, std::string_view file, const Secret& pem,
                            std::string_view field) {
        addCertificate(files, std::string(file), pem, field);
        if (!pem.empty())
            environment.add(variable, "/etc/certs/" + std::string(file), field);
    };
    addPem("AGENT_CVM_GRPC_CLIENT_CERT", kCertificateFile, agent.clientCert, names.clientCert);
    addPem("AGENT_CVM_GRPC_CLIENT_KEY", kKeyFile, agent.clientKey, names.clientKey);
    addPem("AGENT_CVM_GRPC_SERVER_CA_CERTS", kCaFile, agent.serverCaCert, names.serverCaCert);

    const auto addIfGiven = [&](const char* variable, std::string_view value, std::string_view field) {
        if (!value.empty())
            environment.add(variable, value, field);
    };
    addIfGiven(kAwsAccessKeyId, agent.awsAccessKeyId.reveal(), names.awsAccessKeyId);
    addIfGiven(kAwsSecretAccessKey, agent.awsSecretAccessKey.reveal(), names.awsSecretAccessKey);
    addIfGiven("AWS_ENDPOINT_URL", agent.awsEndpointUrl, names.awsEndpointUrl);
    addIfGiven("AWS_REGION", agent.awsRegion, names.awsRegion);
    files.env.push_back({std::string(kEnvironmentFile), environment.text()});
    return files;
}

} // namespace teehost::launch
