// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <teehost/kit/digest.h>
#include <teehost/kit/lru_cache.h>

#include "predict/firmware_volume.h"

namespace teehost::vtpm {

/// An unpacked firmware, and digests of the part that no machine changes.
class UnpackedFirmware {
public:
    explicit UnpackedFirmware(kit::ByteView code) : volumes_(FirmwareVolumes::unpack(code)) {}

    [[nodiscard]] const FirmwareVolumes& volumes() const noexcept { return volumes_; }
    /// Of DXEFV; computed once for each bank. Any thread.
    [[nodiscard]] kit::AnyDigest dxeDigest(kit::HashAlgorithm bank) const;

private:
    FirmwareVolumes volumes_;
    mutable std::mutex mutex_;
    mutable std::map<kit::HashAlgorithm, kit::AnyDigest> dxe_; ///< guarded by mutex_
};

/// Unpacking takes longer than everything else together, and its result depends on the file alone. Keeps the
/// last few. Any thread.
class FirmwareCache {
public:
    /// The firmware with that SHA-256, read from `path` when it is not known yet. Throws as kit::readFile and
    /// FirmwareVolumes::unpack do, and std::runtime_error when the file is another meanwhile.
    [[nodiscard]] std::shared_ptr<const UnpackedFirmware> unpack(const std::string& path,
                                                                 const kit::Sha256Digest& sha256);

private:
    static constexpr std::size_t kMost = 4;

    kit::LruCache<UnpackedFirmware> known_{kMost};
};

} // namespace teehost::vtpm
