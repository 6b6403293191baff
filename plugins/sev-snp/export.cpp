// SPDX-License-Identifier: Apache-2.0
#include "sev_snp.h"

TEEHOST_PLUGIN(teehost::sev_snp::SevSnp)
