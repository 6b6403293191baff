// SPDX-License-Identifier: Apache-2.0
//
// What stands in a challenge to prove a key, and in the certificates that TPMs keep.
#pragma once

#include <stdexcept>
#include <string_view>

namespace teehost::guest {

/// Not a challenge, or one for the keys of another VM.
class BadChallenge : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Both without their sizes; views of what they were read from.
struct Challenge {
    std::string_view idObject;        ///< TPMS_ID_OBJECT
    std::string_view encryptedSecret; ///< TPMU_ENCRYPTED_SECRET
};

/// Reads TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, one behind the other (TPM 2.0 Library, part 3, section
/// 12.6): at most 1024 bytes, neither empty, and nothing behind them. BadChallenge.
[[nodiscard]] Challenge parseChallenge(std::string_view bytes);

/// `memory` without the zeros or ones that fill an NV index behind a certificate (DER). What is no
/// certificate, or has something else behind it, stays as it is: that is for the verifier to judge.
[[nodiscard]] std::string_view withoutPadding(std::string_view memory);

} // namespace teehost::guest
