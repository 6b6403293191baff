// SPDX-License-Identifier: Apache-2.0
//
// MRTD, the measurement of a TD's initial memory: one SHA-384 over what the TDX module is asked to do (Intel
// TDX Module specification, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND), so it depends on the order the VMM asks in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/digest.h>

#include "tdx/measure/tdvf_image.h"

namespace teehost::tdx {

/// Of a section's pages.
enum class MrtdOrder {
    SinglePass, ///< each page is added and its contents measured: Linux from 6.16 on
    TwoPass     ///< all are added, then all contents measured: out-of-tree kernels of 2023 and 2024
};

/// "single-pass", "two-pass"
[[nodiscard]] std::string_view nameOf(MrtdOrder order) noexcept;

/// A section that went into MRTD, and what MRTD would be if it were the last.
struct MrtdStep {
    TdvfSection section;
    kit::Sha384Digest after{};
};

struct Mrtd {
    kit::Sha384Digest value{};
    std::vector<MrtdStep> steps; ///< in the order they are measured
};

[[nodiscard]] Mrtd computeMrtd(const TdvfImage& image, MrtdOrder order);

/// Bytes that computeMrtd hashes.
[[nodiscard]] std::uint64_t mrtdBytes(const TdvfImage& image) noexcept;

/// Why VMMs differ in what they measure of this image, so that its MRTD is that of some of them; nothing when
/// they do not.
[[nodiscard]] std::optional<std::string> notPortable(const TdvfImage& image);

} // namespace teehost::tdx
