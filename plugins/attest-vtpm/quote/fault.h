// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/kit/check_line.h>

namespace teehost::vtpm {

using kit::Fault;

} // namespace teehost::vtpm
