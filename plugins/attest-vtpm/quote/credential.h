// SPDX-License-Identifier: Apache-2.0
//
// A question that only one TPM can answer: the one that holds both the endorsement key and the key of that
// name.
#pragma once

#include <teehost/kit/bytes.h>

#include "quote/tpm_key.h"

namespace teehost::vtpm {

inline constexpr std::size_t kCredentialBytes = 32;

/// As TPM2_MakeCredential makes it, without a TPM (TPM 2.0 Library part 1, section 24): TPM2B_ID_OBJECT, then
/// TPM2B_ENCRYPTED_SECRET. `ek`: an RSA key of the TCG's default template, AES-128 and SHA-256; InputError
/// key for another. `secret` of kCredentialBytes at most. CryptoError when OpenSSL does not do it.
[[nodiscard]] kit::Bytes makeCredential(const TpmKey& ek, kit::ByteView object_name, kit::ByteView secret);

/// Bytes that nobody can guess. CryptoError when there are none to be had.
[[nodiscard]] kit::Bytes randomBytes(std::size_t count);

} // namespace teehost::vtpm
