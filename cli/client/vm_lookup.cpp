// SPDX-License-Identifier: Apache-2.0
#include "cli/client/vm_lookup.h"
#include "cli/client/client.h"

#include "host/base/text.h"

namespace teehost::cli {
namespace {

constexpr std::size_t kIdLength = 36; // a UUID in text, RFC 9562 section 4
constexpr std::size_t kMaxCandidatesShown = 5;

std::string listed(const std::vector<std::string>& ids)
{
    std::string text;
    for (std::size_t i = 0; i < ids.size() && i < kMaxCandidatesShown; ++i)
        text += (i == 0 ? "" : ", ") + ids[i];
    return ids.size() > kMaxCandidatesShown ? text + ", ..." : text;
}

} // namespace

std::string matchId(const std::vector<std::string>& ids, std::string_view typed)
{
    const std::string prefix = lowerCase(typed);
    if (prefix.empty())
        throw UsageFailure("the id of a VM is empty");
    std::vector<std::string> matches;
    for (const auto& id : ids) {
        if (id == prefix)
            return id;
        if (id.starts_with(prefix))
            matches.push_back(id);
    }
    if (matches.empty())
        throw Failure(ExitCode::NotFound,
                      "there is no VM whose id begins with \"" + std::string(typed) + "\"",
                      "see: teehost list --all");
    if (matches.size() > 1)
        throw UsageFailure("\"" + std::string(typed) + "\" is the beginning of " +
                               std::to_string(matches.size()) + " ids: " + listed(matches),
                           "type more of it");
    return matches.front();
}

std::string resolveVmId(Client& client, const std::string& typed)
{
    if (typed.size() == kIdLength)
        return lowerCase(typed);
    v1::ListVmsRequest request;
    request.set_include_ended(true);
    const auto response = client.listVms(request);
    std::vector<std::string> ids;
    for (const auto& vm : response.vms())
        ids.push_back(vm.id());
    return matchId(ids, typed);
}

} // namespace teehost::cli
