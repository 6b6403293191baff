// SPDX-License-Identifier: Apache-2.0
#include "predict/firmware_cache.h"

#include <stdexcept>

#include <teehost/kit/file.h>

namespace teehost::vtpm {

kit::AnyDigest UnpackedFirmware::dxeDigest(kit::HashAlgorithm bank) const
{
    const std::lock_guard lock(mutex_);
    const auto found = dxe_.find(bank);
    if (found != dxe_.end())
        return found->second;
    return dxe_.emplace(bank, kit::hash(bank, volumes_.dxe())).first->second;
}

std::shared_ptr<const UnpackedFirmware> FirmwareCache::unpack(const std::string& path,
                                                              const kit::Sha256Digest& sha256)
{
    if (auto found = known_.find(sha256))
        return found;
    const kit::Bytes code = kit::readFile(path, "firmware", kMaxFirmwareBytes);
    if (kit::sha256(code) != sha256)
        throw std::runtime_error("firmware \"" + path + "\" is being written to");
    // Two that come at once both unpack, and the result is the same.
    auto unpacked = std::make_shared<const UnpackedFirmware>(code);
    known_.keep(sha256, unpacked);
    return unpacked;
}

} // namespace teehost::vtpm
