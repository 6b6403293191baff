// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/manifest.h"

#include <algorithm>

#include "cvms.pb.h"

#include "guest/agent/compute/names.h"
#include "guest/agent/compute/refusal.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kHashBytes = 32;

[[noreturn]] void refuse(const std::string& message) { throw Refusal(Refusal::Kind::Input, message); }

std::string checkedHash(const std::string& hash, const std::string& whose)
{
    if (hash.size() != kHashBytes)
        refuse("the hash of " + whose + " has " + std::to_string(hash.size()) +
               " bytes; a SHA3-256 digest has 32");
    return hash;
}

/// Refuses what would have to be fetched. Like the agent of Cocos it takes a source without key broker for a
/// remark: then the thing is uploaded.
template <class Part>
void requireNoSource(const Part& part, const std::string& whose)
{
    if (!part.source().url().empty() && (part.kbs().enabled() || part.source().encrypted()))
        refuse("the reference agent fetches nothing: " + whose +
               " has to be uploaded by its provider, and not encrypted or with a key broker enabled in the "
               "manifest");
}

Manifest::Dataset datasetOf(const cvms::Dataset& given, std::size_t number)
{
    const std::string whose = "dataset " + std::to_string(number);
    requireNoSource(given, whose);
    if (!given.filename().empty() && !isFileName(given.filename()))
        refuse("the file name of " + whose + " is no name of a file in a directory");
    return {checkedHash(given.hash(), whose), UserKey::parse(given.userkey()), given.filename()};
}

void requirePlaintext(const cvms::AgentConfig& config)
{
    if (config.attested_tls() || !config.cert_file().empty() || !config.key_file().empty())
        refuse(
            "the manifest asks for TLS on the agent's port, and the reference agent serves plaintext only: "
            "leave attested_tls, cert_file and key_file unset");
}

} // namespace

Manifest parseManifest(std::string_view bytes)
{
    if (bytes.size() > kMaxManifestBytes)
        refuse("a manifest has at most " + std::to_string(kMaxManifestBytes) + " bytes, this has " +
               std::to_string(bytes.size()));
    cvms::ComputationRunReq given;
    if (!given.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        refuse("the run request is no ComputationRunReq");
    if (given.id().empty() || given.id().size() > kMaxComputationIdBytes)
        refuse("the identifier of a computation has 1 to 256 bytes");
    if (!given.has_algorithm())
        refuse("the manifest names no algorithm");
    if (static_cast<std::size_t>(given.datasets_size()) > kMaxDatasets ||
        static_cast<std::size_t>(given.result_consumers_size()) > kMaxConsumers)
        refuse("a manifest has at most 256 datasets and 64 result consumers");
    requirePlaintext(given.agent_config());
    requireNoSource(given.algorithm(), "the algorithm");
    Manifest manifest{
        std::string(bytes),
        given.id(),
        {checkedHash(given.algorithm().hash(), "the algorithm"), UserKey::parse(given.algorithm().userkey())},
        {},
        {}};
    for (const auto& dataset : given.datasets())
        manifest.datasets.push_back(datasetOf(dataset, manifest.datasets.size() + 1));
    for (const auto& consumer : given.result_consumers())
        manifest.consumers.push_back(UserKey::parse(consumer.userkey()));
    return manifest;
}

} // namespace teehost::guest
