// SPDX-License-Identifier: Apache-2.0
#include "host/check_addresses.h"

#include "host/api/listen_address.h"
#include "host/api/plaintext.h"
#include "host/base/error.h"
#include "host/base/text.h"
#include "host/store/store.h"

namespace teehost {
namespace {

using api::ListenAddress;
using settings::Findings;
using settings::Settings;
using Addresses = api::ListenAddresses; // those that resolve

Addresses resolve(const Settings& settings, Findings& findings)
{
    Addresses out;
    for (const std::string prefix : {"grpc", "http"})
        if (!findings.refused(prefix + ".host") && !findings.refused(prefix + ".port"))
            findings.gather([&] { out.emplace(prefix, ListenAddress(settings, prefix)); }, prefix + ".host");
    return out;
}

void checkPlaintext(const Settings& settings, const Addresses& addresses, Findings& findings)
{
    findings.gather([&] { api::requireTlsOrDecision(settings, addresses); });
    const auto open = api::openInPlaintext(settings, addresses);
    if (const auto grpc = open.find("grpc"); grpc != open.end() && settings.flag("grpc.allow_plaintext"))
        findings.warn(
            "gRPC is served to other machines without TLS (grpc.allow_plaintext): whoever reaches " +
            grpc->second.subject() + " controls the VMs");
}

void checkFree(const Settings& settings, const Addresses& addresses, Findings& findings)
{
    const auto grpcPort = settings.number("grpc.port");
    if (grpcPort != 0 && grpcPort == settings.number("http.port") && addresses.size() == 2)
        findings.refuse(InvalidArgument("grpc.port and http.port are both " + std::to_string(grpcPort), {},
                                        "give each a port of its own"),
                        "http.port");
    // The ports of the daemon that this one is to follow are taken, and will be free.
    if (store::StateLock::held(settings.text("state.dir")))
        return;
    for (const auto& [prefix, address] : addresses)
        findings.gather([&, &to = address] { to.requireFree(); }, prefix + ".host");
}

void checkAgentsAddress(const Settings& settings, const Addresses& addresses, Findings& findings)
{
    const std::string key = "qemu.host_fwd_address";
    const auto agents = settings.text(key);
    findings.gather([&] { api::requireOwnIpv4(agents, key); }, key);
    const auto grpc = addresses.find("grpc");
    if (grpc != addresses.end() && !grpc->second.loopback() && agents.starts_with("127."))
        findings.warn("gRPC is served to other machines, but the agents in the VMs only to this one (" + key +
                      "=" + printable(agents) +
                      "); set it (MANAGER_QEMU_HOST_FWD_ADDRESS) to 0.0.0.0 when other "
                      "machines must reach agents, as those of the Cocos Manager can");
}

} // namespace

void checkAddresses(const Settings& settings, Findings& findings)
{
    const auto addresses = resolve(settings, findings);
    checkPlaintext(settings, addresses, findings);
    checkFree(settings, addresses, findings);
    checkAgentsAddress(settings, addresses, findings);
}

} // namespace teehost
