// SPDX-License-Identifier: Apache-2.0
//
// Is this quote of this key, fresh, and of these PCRs? Each function answers one question with the fault it
// finds; evidence/verify.h puts them in order.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "quote/attest.h"
#include "quote/fault.h"
#include "quote/tpm_key.h"

namespace teehost::vtpm {

/// TPMT_SIGNATURE (TPM 2.0 Library part 2, section 11.3.4).
struct TpmSignature {
    /// InputError malformed, also for what is not RSASSA, RSAPSS or ECDSA, or signature_algorithm for another
    /// hash than SHA-2.
    [[nodiscard]] static TpmSignature parse(kit::ByteView bytes);

    enum class Scheme : std::uint16_t { RsaSsa = 0x0014, RsaPss = 0x0016, Ecdsa = 0x0018 };
    Scheme scheme = Scheme::RsaSsa;
    std::uint16_t hashId = 0;
    HashAlgorithm hash = HashAlgorithm::Sha2_256;
    kit::Bytes rsa;  ///< of an RSA scheme
    kit::Bytes r, s; ///< of ECDSA, big endian, as short as they may be
};
/// "rsassa", "rsapss", "ecdsa"
[[nodiscard]] std::string_view nameOf(TpmSignature::Scheme scheme) noexcept;

struct PcrValue {
    HashAlgorithm bank;
    std::uint32_t pcr;
    kit::AnyDigest value;
};

[[nodiscard]] std::optional<Fault> signatureFault(const Attest& attest, const TpmSignature& signature,
                                                  const TpmKey& key);

/// A quote's nonce is what was asked for, bare or with zeros behind it to 32 bytes, as agents have it that
/// keep it in an array of that size.
[[nodiscard]] std::optional<Fault> nonceFault(const Attest& attest, kit::ByteView nonce);

/// The quote's digest is over the selected PCRs with these values, in the hash of the signature (TPM 2.0
/// Library part 3, section 18.4). A selected PCR without a value is a fault of its own, kNoPcrValue: it says
/// nothing of the VM. Values beyond the selection are not looked at.
inline constexpr std::string_view kNoPcrValue = "pcr_values";
[[nodiscard]] std::optional<Fault> pcrDigestFault(const Attest& attest, HashAlgorithm signature_hash,
                                                  std::span<const PcrValue> values);

/// Whether the quote covers this PCR of this bank.
[[nodiscard]] bool selects(const Attest& attest, HashAlgorithm bank, std::uint32_t pcr) noexcept;

} // namespace teehost::vtpm
