// SPDX-License-Identifier: Apache-2.0
//
// The table of GUIDed entries that an OVMF image has below its reset vector (edk2,
// OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm). It is read from its end: each entry is its data, then its
// size, then its GUID.
//
//     OvmfTable table(image, {"no_footer", "bad_table"});
//     while (const auto entry = table.next())
//         if (entry->guid == kMine) ...
#pragma once

#include <optional>
#include <string_view>

#include "teehost/kit/guid.h"

namespace teehost::kit {

/// A view of the image, which must outlive it.
class OvmfTable {
public:
    struct Entry {
        Guid guid;
        ByteView data;
        std::size_t offset; ///< of the data, in the image
    };
    /// Literals, for InputError.
    struct Reasons {
        std::string_view noFooter; ///< the image does not end with such a table
        std::string_view badEntry; ///< an entry's size is impossible
    };

    OvmfTable(ByteView image, Reasons reasons);

    /// The entry before the last that was given, the first being that before the table's footer; nothing at
    /// the table's beginning. Of several with one GUID QEMU takes the one that is given first
    /// (hw/i386/pc_sysfw_ovmf.c).
    [[nodiscard]] std::optional<Entry> next();

private:
    [[nodiscard]] Entry entryBefore(std::size_t begin, std::size_t end) const;

    ByteView image_;
    Reasons reasons_;
    std::size_t begin_ = 0, at_ = 0;
};

} // namespace teehost::kit
