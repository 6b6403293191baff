// SPDX-License-Identifier: Apache-2.0
//
// The manifest of a computation: refused, or within its bounds, with names that are names of files. Nobody's
// signature is taken for one by the keys in it.
#include "guest/agent/compute/manifest.h"
#include "guest/agent/compute/names.h"
#include "guest/agent/compute/refusal.h"
#include "tests/fuzz/property.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes = fuzz::asText(data, size);
    try {
        const auto manifest = guest::parseManifest(bytes);
        fuzz::require(!manifest.id.empty() && manifest.id.size() <= guest::kMaxComputationIdBytes,
                      "an identifier is bounded");
        fuzz::require(manifest.datasets.size() <= guest::kMaxDatasets &&
                          manifest.consumers.size() <= guest::kMaxConsumers,
                      "a manifest is bounded");
        for (const auto& dataset : manifest.datasets) {
            fuzz::require(dataset.hash.size() == 32, "a digest is whole");
            fuzz::require(dataset.filename.empty() || guest::isFileName(dataset.filename),
                          "a file name leads nowhere else");
        }
        fuzz::require(!manifest.algorithm.key.hasSigned(guest::kAlgorithmProvider, bytes),
                      "nobody has signed this");
    } catch (const guest::Refusal& e) {
        fuzz::require(e.kind() == guest::Refusal::Kind::Input, "a parser blames its input");
    }
    return 0;
}
