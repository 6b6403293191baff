// SPDX-License-Identifier: Apache-2.0
#include "host_data.h"

#include <algorithm>

namespace teehost::sev_snp {
namespace {

kit::Sha256Digest copyOf(kit::ByteView bytes)
{
    kit::Sha256Digest out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

} // namespace

std::optional<HostData> hostDataFor(const Configuration& configuration, const sdk::Vm& vm)
{
    constexpr std::size_t kSize = std::tuple_size_v<kit::Sha256Digest>;
    if (const kit::ByteView asked = vm.hostData(); asked.size() == kSize)
        return HostData{copyOf(asked), "the request's binding data"};
    else if (!asked.empty())
        return HostData{kit::sha256(asked), "SHA-256 of the request's binding data"};
    if (configuration.hostData)
        return HostData{*configuration.hostData, "sev-snp.host_data"};
    if (const kit::ByteView digest = vm.configDigest();
        configuration.bindConfiguration && digest.size() == kSize)
        return HostData{copyOf(digest), "digest of the VM's configuration"};
    return std::nullopt;
}

} // namespace teehost::sev_snp
