// SPDX-License-Identifier: Apache-2.0
//
// What of a PE image Authenticode hashes ("Windows Authenticode Portable Executable Signature Format",
// section "Calculating the PE Image Hash"), as edk2 does (SecurityPkg/Library/DxeTpm2MeasureBootLib): not its
// checksum, nor the signatures appended to it.
#pragma once

#include <span>
#include <vector>

#include "teehost/kit/digest.h"

namespace teehost::kit {

/// The stretches to hash, in order, within the image. InputError bad_pe.
[[nodiscard]] std::vector<ByteView> authenticodeParts(ByteView image);

/// What is hashed behind an image whose length is no multiple of 8.
enum class PePadding {
    None,   ///< as edk2 does for a TPM
    ToEight ///< zeros up to a multiple, as the format has it
};

/// In each of these algorithms. InputError bad_pe.
[[nodiscard]] std::vector<AnyDigest> authenticode(ByteView image, std::span<const HashAlgorithm> algorithms,
                                                  PePadding padding = PePadding::None);

} // namespace teehost::kit
