// SPDX-License-Identifier: Apache-2.0
//
// The certificate of a VCEK or VLEK: which chip and which TCB its key belongs to (AMD, "Versioned Chip
// Endorsement Key (VCEK) Certificate and KDS Interface Specification", 57230, section 3).
#pragma once

#include <optional>
#include <string>

#include <teehost/kit/vendor_x509.h>

#include "report/tcb.h"

namespace teehost::sev_snp {

enum class EndorsementKind { Vcek, Vlek };

/// "VCEK", "VLEK"
[[nodiscard]] std::string_view nameOf(EndorsementKind kind) noexcept;

/// By the subject's common name, exactly; InputError chain_names for another one.
[[nodiscard]] EndorsementKind kindOf(const kit::VendorCertificate& certificate);

struct Endorsement {
    /// Reads the extensions. Throws InputError chain_names (see kindOf), ext_missing, ext_encoding,
    /// struct_version, hwid_size. The signature of the certificate is not looked at.
    [[nodiscard]] static Endorsement parse(const kit::VendorCertificate& certificate);

    EndorsementKind kind = EndorsementKind::Vcek;
    std::uint64_t structVersion = 0;
    std::string productName; ///< "Milan-B0", "Genoa"
    Tcb tcb;
    std::optional<std::uint8_t> fmc; ///< struct version 1: Turin
    kit::Bytes hwid;                 ///< of a VCEK: 64 bytes, Turin 8
    std::string cspId;               ///< of a VLEK

    /// Line of the product name, up to its first '-'; nothing when that is not known.
    [[nodiscard]] std::optional<ProductLine> line() const noexcept;
};

} // namespace teehost::sev_snp
