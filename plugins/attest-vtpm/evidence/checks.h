// SPDX-License-Identifier: Apache-2.0
//
// The checks of a verification, in the order they are made.
#pragma once

#include <string_view>

namespace teehost::vtpm::check_id {

inline constexpr std::string_view kFormat = "vtpm.format";
inline constexpr std::string_view kMagicType = "vtpm.magic_type";
inline constexpr std::string_view kAkAttributes = "vtpm.ak_attributes";
inline constexpr std::string_view kAkBinding = "vtpm.ak_binding";
inline constexpr std::string_view kEkCertificate = "vtpm.ek_certificate";
inline constexpr std::string_view kSignature = "vtpm.signature";
inline constexpr std::string_view kNonce = "vtpm.nonce";
inline constexpr std::string_view kCounters = "vtpm.counters";
inline constexpr std::string_view kPcrDigest = "vtpm.pcr_digest";
inline constexpr std::string_view kLogReplay = "vtpm.log_replay";
inline constexpr std::string_view kPcrPolicy = "vtpm.pcr_policy";
inline constexpr std::string_view kEventPolicy = "vtpm.event_policy";
inline constexpr std::string_view kIma = "vtpm.ima";
inline constexpr std::string_view kReference = "vtpm.reference";

} // namespace teehost::vtpm::check_id
