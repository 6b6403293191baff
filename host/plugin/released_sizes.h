// SPDX-License-Identifier: Apache-2.0
//
// Sizes, in release 1.0 of the ABI, of the structs that plugins make. A smaller struct_size is a mistake; the
// current sizeof must not be used for it, or a plugin of 1.0 would be refused as soon as a struct grows.
#pragma once

#include <cstddef>

#include "teehost/plugin.h"

namespace teehost::plugin {

template <class T>
inline constexpr std::size_t kSize1_0 = 0;
template <>
inline constexpr std::size_t kSize1_0<th_plugin> = 128;
template <>
inline constexpr std::size_t kSize1_0<th_answer> = 24;
template <>
inline constexpr std::size_t kSize1_0<th_options_v1> = 16;
template <>
inline constexpr std::size_t kSize1_0<th_probe_v1> = 24;
template <>
inline constexpr std::size_t kSize1_0<th_compose_v1> = 16;
template <>
inline constexpr std::size_t kSize1_0<th_measure_v1> = 16;
template <>
inline constexpr std::size_t kSize1_0<th_verify_v1> = 40;
template <>
inline constexpr std::size_t kSize1_0<th_diagnose_v1> = 16;
template <>
inline constexpr std::size_t kSize1_0<th_capacity_v1> = 16;
template <>
inline constexpr std::size_t kSize1_0<th_attest_v1> = 24;
template <>
inline constexpr std::size_t kSize1_0<th_error> = 64;
template <>
inline constexpr std::size_t kSize1_0<th_option_spec> = 112;
template <>
inline constexpr std::size_t kSize1_0<th_check_spec> = 40;
template <>
inline constexpr std::size_t kSize1_0<th_check> = 168;
template <>
inline constexpr std::size_t kSize1_0<th_file> = 64;
template <>
inline constexpr std::size_t kSize1_0<th_sidecar> = 88;
template <>
inline constexpr std::size_t kSize1_0<th_register> = 40;
template <>
inline constexpr std::size_t kSize1_0<th_measure_event> = 72;
template <>
inline constexpr std::size_t kSize1_0<th_finding> = 56;
template <>
inline constexpr std::size_t kSize1_0<th_capacity> = 48;
template <>
inline constexpr std::size_t kSize1_0<th_fetch_request> = 56;
template <>
inline constexpr std::size_t kSize1_0<th_fw_cfg_request> = 40;

} // namespace teehost::plugin
