// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/kit/bytes.h>

namespace teehost::vtpm {

/// More is not unpacked: what a firmware of any build we know takes is 13 MiB.
inline constexpr std::size_t kMostUnpacked = 64u << 20;

/// What a section compressed with LZMA holds: the ".lzma" format, whose header states the size. `offset` is
/// where it lies in the image, for messages. InputError bad_firmware_lzma for a broken or truncated stream,
/// an unknown size, or one above kMostUnpacked.
[[nodiscard]] kit::Bytes unpackLzma(kit::ByteView stream, std::size_t offset);

} // namespace teehost::vtpm
