// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/kit/input_error.h>

namespace teehost::sev_snp {

using kit::InputError;
using kit::withReason;

} // namespace teehost::sev_snp
