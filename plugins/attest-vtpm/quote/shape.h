// SPDX-License-Identifier: Apache-2.0
//
// Whether bytes have the outline of a TPM structure: selectors that are known, sizes that fit. tss2-mu comes
// after, and is never shown anything else, since it writes what it refuses to the process' standard error:
// a guest could fill the daemon's log.
#pragma once

#include <teehost/kit/reader.h>

namespace teehost::vtpm::shape {

// Each throws ParseError unless the bytes are exactly one.

void attest(kit::Reader in);       ///< TPMS_ATTEST of a quote, a certification, or one of a creation
void signature(kit::Reader in);    ///< TPMT_SIGNATURE: RSASSA, RSAPSS, ECDSA
void publicArea(kit::Reader in);   ///< TPMT_PUBLIC: RSA or ECC, with AES or without a symmetric cipher
void creationData(kit::Reader in); ///< TPMS_CREATION_DATA

} // namespace teehost::vtpm::shape
