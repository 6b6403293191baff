// SPDX-License-Identifier: Apache-2.0
//
// What a client writes into the agent's fields is refused, or the guest's own parser reads back exactly these
// values: no variable more, none less. Input: the text fields of AgentRequest, then the three PEM texts.
#include "host/launch/agent_environment.h"

#include <map>

#include "guest/agent/environment.h"
#include "tests/fuzz/input.h"

namespace {

using namespace teehost;
using Variables = std::map<std::string, std::string>;

launch::VmRequest readRequest(fuzz::Input& in)
{
    launch::VmRequest request;
    auto& agent = request.agent;
    request.names = in.flag() ? &launch::kHostFieldNames : &launch::kManagerFieldNames;
    for (std::string* field :
         {&agent.logLevel, &agent.serverUrl, &agent.caUrl, &agent.awsEndpointUrl, &agent.awsRegion})
        *field = in.text();
    for (Secret* field : {&agent.certsToken, &agent.awsAccessKeyId, &agent.awsSecretAccessKey,
                          &agent.serverCaCert, &agent.clientKey, &agent.clientCert})
        *field = Secret(in.text());
    return request;
}

Variables expectedVariables(const VmId& id, const launch::AgentRequest& agent)
{
    Variables out{{"AGENT_CVM_ID", id.text()},
                  {"AGENT_LOG_LEVEL", agent.logLevel},
                  {"AGENT_CVM_GRPC_URL", agent.serverUrl},
                  {"AGENT_CVM_CA_URL", agent.caUrl},
                  {"AGENT_CERTS_TOKEN", std::string(agent.certsToken.reveal())}};
    const auto addUnlessEmpty = [&](const char* name, std::string_view given, std::string_view value) {
        if (!given.empty())
            out.emplace(name, value);
    };
    const auto addIfGiven = [&](const char* name, std::string_view value) {
        addUnlessEmpty(name, value, value);
    };
    addIfGiven("AWS_ACCESS_KEY_ID", agent.awsAccessKeyId.reveal());
    addIfGiven("AWS_SECRET_ACCESS_KEY", agent.awsSecretAccessKey.reveal());
    addIfGiven("AWS_ENDPOINT_URL", agent.awsEndpointUrl);
    addIfGiven("AWS_REGION", agent.awsRegion);
    addUnlessEmpty("AGENT_CVM_GRPC_CLIENT_CERT", agent.clientCert.reveal(), "/etc/certs/cert.pem");
    addUnlessEmpty("AGENT_CVM_GRPC_CLIENT_KEY", agent.clientKey.reveal(), "/etc/certs/key.pem");
    addUnlessEmpty("AGENT_CVM_GRPC_SERVER_CA_CERTS", agent.serverCaCert.reveal(), "/etc/certs/ca.pem");
    return out;
}

Variables expectedCertificates(const launch::AgentRequest& agent)
{
    Variables out;
    for (const auto& [name, pem] :
         {std::pair{"cert.pem", &agent.clientCert}, std::pair{"key.pem", &agent.clientKey},
          std::pair{"ca.pem", &agent.serverCaCert}})
        if (!pem->empty())
            out.emplace(name, pem->reveal());
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const VmId id = *VmId::parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    fuzz::Input in(data, size);
    const auto request = readRequest(in);
    const auto files = fuzz::unlessMalformed([&] { return launch::agentFiles(id, request); });
    if (!files)
        return 0;

    fuzz::require(files->env.size() == 1 && files->env[0].name == "environment",
                  "there is one environment file");
    const auto environment = guest::parseEnvironment(files->env[0].content.reveal());
    fuzz::require(environment.problems.empty(), "the guest finds nothing wrong with the environment file");
    Variables read;
    for (const auto& [name, value] : environment.variables)
        fuzz::require(read.emplace(name, value).second, "each variable stands once");
    fuzz::require(read == expectedVariables(id, request.agent), "the guest reads the values of the request");

    Variables certificates;
    for (const auto& file : files->certs)
        certificates.emplace(file.name, file.content.reveal());
    fuzz::require(certificates == expectedCertificates(request.agent),
                  "the certificates are those of the request");
    return 0;
}
