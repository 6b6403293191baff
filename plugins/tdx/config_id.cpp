// SPDX-License-Identifier: Apache-2.0
#include "tdx/config_id.h"

#include <algorithm>

#include <teehost/kit/digest.h>

namespace teehost::tdx {
namespace {

OwnerRegister withZerosBehind(kit::ByteView bytes)
{
    OwnerRegister out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

} // namespace

std::optional<ConfigId> configIdFor(const Configuration& configuration, const sdk::Vm& vm)
{
    constexpr std::size_t kDigest = std::tuple_size_v<kit::Sha256Digest>;
    if (const kit::ByteView asked = vm.hostData(); asked.size() == std::tuple_size_v<OwnerRegister>)
        return ConfigId{withZerosBehind(asked), "the request's binding data"};
    else if (!asked.empty())
        return ConfigId{kit::sha384(asked), "SHA-384 of the request's binding data"};
    if (configuration.mrConfigId)
        return ConfigId{*configuration.mrConfigId, "tdx.mr_config_id"};
    if (const kit::ByteView digest = vm.configDigest();
        configuration.bindConfiguration && digest.size() == kDigest)
        return ConfigId{withZerosBehind(digest), "digest of the VM's configuration, and zeros"};
    return std::nullopt;
}

} // namespace teehost::tdx
