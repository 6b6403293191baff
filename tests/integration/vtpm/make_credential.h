// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace teehost::test {

/// A challenge that only the TPM with both keys can solve, and whose answer is `secret`: TPM2B_ID_OBJECT and
/// TPM2B_ENCRYPTED_SECRET, made for the key with `name` and encrypted to the RSA-2048 key of the certificate
/// (TPM 2.0 Library, part 1, section 24 and B.10.4). Written anew with OpenSSL, so that the TPM is what both
/// this and the plugin's are held against.
[[nodiscard]] std::string makeCredential(const std::string& ek_certificate, const std::string& name,
                                         const std::string& secret);

} // namespace teehost::test
