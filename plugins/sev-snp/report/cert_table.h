// SPDX-License-Identifier: Apache-2.0
//
// The certificates a hypervisor hands out with a report (GHCB Specification, 56421, section 4.1.8, "SNP
// Extended Guest Request"): entries of GUID, offset and length, ended by a zero entry, and the data behind
// them.
#pragma once

#include <string_view>
#include <vector>

#include <teehost/kit/bytes.h>

#include "guid.h"

namespace teehost::sev_snp {

namespace table_guid {
inline constexpr Guid kVcek = printedGuid("63da758d-e664-4564-adc5-f4b93be8accd");
inline constexpr Guid kVlek = printedGuid("a8074bc2-a25a-483e-aae6-39c045a0b8a1");
inline constexpr Guid kAsk = printedGuid("4ab7b379-bbac-4fe4-a02f-05aef327c782"); // or ASVK
inline constexpr Guid kArk = printedGuid("c0b406a4-a803-4952-9743-3fb6014cd0ae");
inline constexpr Guid kCrl = printedGuid("92f81bc3-5811-4d3d-97ff-d19f88dc67ea");
inline constexpr Guid kExtraPlatformInfo = printedGuid("ecae0c0f-9502-43b1-afa2-0ae2e0d565b6");
} // namespace table_guid

/// "VCEK", "ASK", ...; empty for one that is not known.
[[nodiscard]] std::string_view nameOf(const Guid& guid) noexcept;
/// As it is printed.
[[nodiscard]] std::string toText(const Guid& guid);

struct TableEntry {
    Guid guid{};
    kit::ByteView data;
};

/// Whether it is one of the certificates and CRLs, by its GUID.
[[nodiscard]] bool holdsX509(const TableEntry& entry) noexcept;

/// Entries of unknown GUIDs are kept. A blob that is empty or all zeros is an empty table. Throws InputError
/// auxblob_bounds.
[[nodiscard]] std::vector<TableEntry> readCertTable(kit::ByteView blob);

} // namespace teehost::sev_snp
