// SPDX-License-Identifier: Apache-2.0
#include "predict/known_qemu.h"

namespace teehost::vtpm {

std::optional<std::string> unpredictableQemu(std::string_view version)
{
    // Booted with 7.2.22. Others place a random seed or leave the header alone, by version and machine type.
    if (version == "7.2" || version.starts_with("7.2."))
        return std::nullopt;
    if (version.empty())
        return "the version of QEMU, which fills in the kernel's header, is not known";
    return "what QEMU " + std::string(version) + " does to the kernel's header was not examined";
}

} // namespace teehost::vtpm
