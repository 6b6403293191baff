// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/kit/qemu_version.h>

namespace teehost::tdx {

inline constexpr kit::QemuVersion kFirstWithTdx{10, 1}; ///< object tdx-guest (QEMU 10.1 change log)

} // namespace teehost::tdx
