// SPDX-License-Identifier: Apache-2.0
//
// The certificates that endorse a report, and everything about them that depends neither on the report nor on
// the time: it is worked out once and may be kept (chain_cache.h).
#pragma once

#include <optional>
#include <span>
#include <string>

#include <teehost/kit/check_line.h>
#include <teehost/kit/vendor_x509.h>

#include "report/endorsement.h"

namespace teehost::sev_snp {

/// SHA-256 of the DER of AMD's root certificates, ARK-Milan, ARK-Genoa and ARK-Turin, as AMD's key
/// distribution service gives them out. A root is trusted because it equals one of these, whoever brought it.
[[nodiscard]] std::span<const kit::Sha256Digest> amdRoots() noexcept;

struct EndorsementChain {
    kit::VendorCertificate vek;          ///< VCEK or VLEK
    kit::VendorCertificate intermediate; ///< ASK or ASVK
    kit::VendorCertificate root;         ///< ARK
};

using kit::Fault;

/// Why `intermediate` and `root` are not the ASK or ASVK and the ARK of one product line; nothing when they
/// are. Neither time nor trust in the root is looked at.
[[nodiscard]] std::optional<Fault> issuersFault(const kit::VendorCertificate& intermediate,
                                                const kit::VendorCertificate& root);
/// The line that the root's name says.
[[nodiscard]] std::optional<ProductLine> lineOfRoot(const kit::VendorCertificate& root);

struct ChainFacts {
    /// With several CRLs the newest says until when they count, and each can revoke.
    [[nodiscard]] static ChainFacts of(const EndorsementChain& chain, std::span<const kit::VendorCrl> crls);

    std::optional<Fault> signatures; ///< chain_signature, chain_names
    kit::Sha256Digest root{};        ///< fingerprint
    struct Named {
        std::string name;
        kit::Validity validity;
    };
    std::array<Named, 3> certificates; ///< VEK, intermediate, root
    std::optional<EndorsementKind> kind;
    std::optional<ProductLine> line; ///< of the root
    std::optional<Endorsement> endorsement;
    std::optional<Fault> endorsementFault; ///< why there is none
    std::optional<kit::PublicKey> key;     ///< of the VEK, on P-384

    struct CrlFacts {
        std::optional<Fault> signature; ///< crl_signature
        kit::Validity validity;
        std::optional<Fault> revoked;
    };
    std::optional<CrlFacts> crl;
    std::optional<Fault> unreadCrl; ///< crl_unreadable: there is one, and no other stands in for it
};

} // namespace teehost::sev_snp
