// SPDX-License-Identifier: Apache-2.0
//
// Small files of the kinds a VM boots, made of what a test says.
#pragma once

#include <string>
#include <vector>

#include <teehost/kit/bytes.h>
#include <teehost/kit/guid.h>

namespace teehost::boot_factory {

inline constexpr std::size_t kVolumeHeader = 72;

/// A firmware volume of that size, filled up behind its content.
[[nodiscard]] kit::Bytes volume(const kit::Guid& guid, std::size_t size, kit::ByteView content,
                                std::uint8_t fill);

/// A variable store of edk2.
struct VariableStoreBuilder {
    struct Variable {
        kit::Guid vendor;
        std::string name;
        std::string data;
        std::uint8_t state = 0x3F;
    };
    std::vector<Variable> variables{};
    std::size_t size = 0x4000; ///< of the file

    [[nodiscard]] kit::Bytes build() const;
};

/// A bzImage, as far as a boot loader and Authenticode look: a PE32+ image of two sections.
struct KernelBuilder {
    std::uint16_t protocol = 0x20F;
    std::uint16_t extendedFlags = 0x2; ///< may be loaded above 4 GiB
    std::uint32_t initrdMax = 0x7FFF'FFFF;
    std::string signature{};                   ///< appended, and named in the certificate table
    std::string content = "the kernel proper"; ///< of the second section
    std::string version{};                     ///< that the header points to; empty: to none

    [[nodiscard]] kit::Bytes build() const;
};

} // namespace teehost::boot_factory
