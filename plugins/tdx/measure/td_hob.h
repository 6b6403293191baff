// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include <teehost/kit/bytes.h>

#include "tdx/measure/tdvf_image.h"

namespace teehost::tdx {

/// The list of HOBs (UEFI Platform Initialization specification, volume 3, chapter 5) by which QEMU tells the
/// firmware what memory a TD on the board q35 has, as far as the firmware measures it: without its end
/// marker. Memory of TD_HOB and TempMem sections is accepted already, the rest is not. InputError bad_td_hob
/// for sections that are not in such memory, overlap, or have no room for the list.
[[nodiscard]] kit::Bytes tdHob(std::span<const TdvfSection> sections, std::uint64_t memory_bytes);

} // namespace teehost::tdx
