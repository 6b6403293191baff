// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cases/case.h"

namespace teehost::cases {

/// What the inputs of a case of the kind measured-boot determine, in the words of its `expect`, computed
/// without its log. Members and PCRs that cannot be predicted are not there. Firmware and variable stores are
/// those of /usr/share/OVMF; NotUnderstood when they are not of the case's digest.
[[nodiscard]] Json predictMeasuredBoot(const Case& item);

} // namespace teehost::cases
