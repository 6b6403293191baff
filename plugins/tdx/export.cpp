// SPDX-License-Identifier: Apache-2.0
#include "tdx/tdx.h"

TEEHOST_PLUGIN(teehost::tdx::Tdx)
