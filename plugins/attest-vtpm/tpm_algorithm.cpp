// SPDX-License-Identifier: Apache-2.0
#include "tpm_algorithm.h"

#include <teehost/kit/reader.h>

namespace teehost::vtpm {

std::string curveName(std::uint16_t id)
{
    switch (id) {
    case 0x01:
        return "NIST P-192";
    case 0x02:
        return "NIST P-224";
    case 0x03:
        return "NIST P-256";
    case 0x04:
        return "NIST P-384";
    case 0x05:
        return "NIST P-521";
    case 0x10:
        return "BN P-256";
    case 0x11:
        return "BN P-638";
    case 0x20:
        return "SM2 P-256";
    default:
        return kit::hexNumber(id);
    }
}

} // namespace teehost::vtpm
