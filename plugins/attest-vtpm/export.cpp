// SPDX-License-Identifier: Apache-2.0
#include "attest_vtpm.h"

TEEHOST_PLUGIN(teehost::vtpm::AttestVtpm)
