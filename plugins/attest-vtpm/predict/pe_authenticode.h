// SPDX-License-Identifier: Apache-2.0
//
// What of a PE image Authenticode hashes ("Windows Authenticode Portable Executable Signature Format",
// section "Calculating the PE Image Hash"), as edk2 does (SecurityPkg/Library/DxeTpm2MeasureBootLib): not its
// checksum, nor the signatures appended to it.
#pragma once

#include <span>
#include <vector>

#include <teehost/kit/digest.h>

namespace teehost::vtpm {

/// The stretches to hash, in order, within the image. InputError bad_pe.
[[nodiscard]] std::vector<kit::ByteView> authenticodeParts(kit::ByteView image);

/// In each of these algorithms. InputError bad_pe.
[[nodiscard]] std::vector<kit::AnyDigest> authenticode(kit::ByteView image,
                                                       std::span<const kit::HashAlgorithm> algorithms);

} // namespace teehost::vtpm
