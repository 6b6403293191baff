// SPDX-License-Identifier: Apache-2.0
#include "predict/known_qemu.h"

#include <teehost/kit/qemu_version.h>

namespace teehost::vtpm {

std::variant<KernelForm, Unknown> kernelFormOf(std::string_view qemu_version,
                                               const FirmwareBehaviour* behaviour)
{
    // Booted with 7.2.22 and 10.0.2 of Debian. Versions between them may place a random seed.
    constexpr kit::QemuVersion kOnlyFilledIn{7, 2}, kBothForms{10, 0};
    const auto version = kit::QemuVersion::of(qemu_version);
    if (!version)
        return Unknown{"the version of QEMU, which fills in the kernel's header, is not known"};
    if (*version == kOnlyFilledIn)
        return KernelForm::HeaderFilledIn;
    if (*version != kBothForms)
        return Unknown{"what QEMU " + std::string(qemu_version) +
                       " does to the kernel's header was not examined"};
    if (behaviour == nullptr)
        return Unknown{"which form of the kernel this firmware takes from QEMU " + std::string(qemu_version) +
                       " was not examined"};
    return behaviour->takesWholeKernel ? KernelForm::AsInFile : KernelForm::HeaderFilledIn;
}

} // namespace teehost::vtpm
