// SPDX-License-Identifier: Apache-2.0
//
// What a QEMU of some version can do for SEV-SNP.
#pragma once

#include <teehost/kit/qemu_version.h>

namespace teehost::sev_snp {

using kit::QemuVersion;

inline constexpr QemuVersion kFirstWithSnp{9, 1};   ///< object sev-snp-guest (QEMU 9.1 change log)
inline constexpr QemuVersion kFirstWithIgvm{10, 1}; ///< object igvm-cfg (QEMU 10.1 change log)

} // namespace teehost::sev_snp
