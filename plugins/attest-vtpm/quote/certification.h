// SPDX-License-Identifier: Apache-2.0
//
// What makes an attestation key trustworthy: a certificate, an endorsement key's certificate, or the word of
// a key that is trusted already.
#pragma once

#include <optional>
#include <span>
#include <string>

#include <teehost/kit/x509.h>

#include "quote/quote.h"

namespace teehost::vtpm {

/// TPM2_CertifyCreation: `signer`, a key that is trusted, says that it found the key with `object_name` in
/// its own TPM, made with this creation data. Empty views are not looked at, but the data must hash to what
/// was attested.
struct CreationClaim {
    kit::ByteView attest, signature;
    kit::ByteView creationData; ///< TPMS_CREATION_DATA, or TPM2B with its size before it
    kit::ByteView creationHash; ///< bare, or TPM2B
    kit::ByteView objectName;
    std::optional<kit::Bytes> nonce{};
};
/// InputError as of the parsers.
[[nodiscard]] std::optional<Fault> creationFault(const CreationClaim& claim, const TpmKey& signer);

/// What the certificate of an endorsement key says (TCG EK Credential Profile, section 3.2).
struct EkCertificate {
    /// InputError ek_certificate.
    [[nodiscard]] static EkCertificate parse(kit::ByteView der_or_pem);
    kit::Certificate certificate;
    std::string commonName; ///< the VM's id, for a vTPM that this host's own CA endorsed
};

/// Chains to an anchor at that time, of this very key, and for this VM where `vm_id` is not empty.
struct EkTerms {
    std::span<const kit::Certificate> pool, anchors;
    kit::UnixSeconds at = 0;
    const TpmKey* ek = nullptr;
    std::string_view vmId{};
};
[[nodiscard]] std::optional<Fault> ekCertificateFault(const EkCertificate& ek, const EkTerms& terms);

/// An attestation key's own certificate: chains to an anchor, and is of this very key.
[[nodiscard]] std::optional<Fault> akCertificateFault(const kit::Certificate& certificate, const TpmKey& ak,
                                                      std::span<const kit::Certificate> pool,
                                                      std::span<const kit::Certificate> anchors,
                                                      kit::UnixSeconds at);

} // namespace teehost::vtpm
