// SPDX-License-Identifier: Apache-2.0
#include "host/api/plaintext.h"

#include "host/api/tls_files.h"
#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::api {
namespace {

/// "KEY and KEY (VARIABLE and VARIABLE)" of options.
std::string named(const settings::Settings& settings, const std::vector<std::string>& keys)
{
    std::vector<std::string> variables;
    for (const auto& key : keys)
        variables.push_back(settings.table().find(key)->env.front());
    return join(keys, " and ") + " (" + join(variables, " and ") + ")";
}

} // namespace

ListenAddresses openInPlaintext(const settings::Settings& settings, const ListenAddresses& addresses)
{
    ListenAddresses open;
    for (const auto& [prefix, address] : addresses)
        if (!address.loopback() && !tlsPaths(settings, prefix).enabled())
            open.emplace(prefix, address);
    return open;
}

void requireTlsOrDecision(const settings::Settings& settings, const ListenAddresses& addresses)
{
    const auto open = openInPlaintext(settings, addresses);
    if (open.empty() || settings.flag("grpc.allow_plaintext"))
        return;
    std::vector<std::string> subjects;
    std::vector<std::string> hosts;
    std::vector<std::string> files;
    for (const auto& [prefix, address] : open) {
        subjects.push_back(address.subject());
        hosts.push_back(prefix + ".host");
        files.push_back(prefix + ".server_cert");
        files.push_back(prefix + ".server_key");
    }
    throw Error(Category::FailedPrecondition,
                join(subjects, " and ") +
                    (open.size() == 1 ? " is not a loopback address, and TLS is not configured for it"
                                      : " are not loopback addresses, and TLS is not configured for them"),
                "decide: with TLS, set " + named(settings, files) + "; without, set " +
                    named(settings, {"grpc.allow_plaintext"}) +
                    " to true, which counts for HTTP too; for this host only, set " + named(settings, hosts) +
                    " to localhost");
}

} // namespace teehost::api
