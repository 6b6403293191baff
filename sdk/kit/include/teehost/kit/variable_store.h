// SPDX-License-Identifier: Apache-2.0
//
// A file of UEFI variables, as edk2 keeps them in flash (MdeModulePkg/Include/Guid/VariableFormat.h,
// authenticated format), and what is measured of them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "teehost/kit/bytes.h"
#include "teehost/kit/guid.h"

namespace teehost::kit {

/// EFI_GLOBAL_VARIABLE: SecureBoot, PK, KEK, BootOrder, Boot0000
inline constexpr Guid kGlobalVariable = uefiGuid("8be4df61-93ca-11d2-aa0d-00e098032b8c");
/// EFI_IMAGE_SECURITY_DATABASE_GUID: db, dbx
inline constexpr Guid kImageSecurity = uefiGuid("d719b2cb-3d3a-4596-a3bc-dad00e67656f");

/// gEfiMemoryTypeInformationGuid: MemoryTypeInformation
inline constexpr Guid kMemoryTypeInformation = uefiGuid("4c19049f-4137-4dd3-9c10-8b97a83ffdfa");

inline constexpr std::size_t kMaxVariableStoreBytes = 16u << 20;

/// Views of the file, which must outlive it.
class VariableStore {
public:
    /// InputError bad_variable_store.
    [[nodiscard]] static VariableStore parse(ByteView file);

    /// The data of a variable, whose name is ASCII; nothing when there is none.
    [[nodiscard]] std::optional<ByteView> find(const Guid& vendor, std::string_view name) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return variables_.size(); }

    /// Whether a firmware that can will verify what it boots: a platform key is enrolled, and nobody has
    /// switched verification off in the firmware's setup.
    [[nodiscard]] bool enforcesSecureBoot() const noexcept;

private:
    struct Variable {
        Guid vendor;
        ByteView name; ///< UTF-16LE with its terminator
        ByteView data;
        bool inTransition; ///< being replaced: counts only while there is no other
    };
    std::vector<Variable> variables_;
};

/// UEFI_VARIABLE_DATA, which PCR 7 is extended with the digest of (TCG PC Client Platform Firmware Profile,
/// section 10.2.6).
[[nodiscard]] Bytes variableEvent(const Guid& vendor, std::string_view name, ByteView data);

} // namespace teehost::kit
