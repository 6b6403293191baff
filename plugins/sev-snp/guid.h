// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <teehost/kit/guid.h>

namespace teehost::sev_snp {

using kit::Guid;
using kit::printedGuid;
using kit::uefiGuid;

} // namespace teehost::sev_snp
