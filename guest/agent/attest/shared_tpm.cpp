// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/shared_tpm.h"

namespace teehost::guest {

SharedTpm& sharedTpm()
{
    static SharedTpm tpm;
    return tpm;
}

} // namespace teehost::guest
