// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/kernel_forms.h"

#include <algorithm>
#include <array>

#include <teehost/kit/board.h>
#include <teehost/kit/file.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/kernel_header.h>
#include <teehost/kit/pe_authenticode.h>
#include <teehost/kit/qemu_version.h>

namespace teehost::tdx {
namespace {

constexpr std::size_t kMaxKernelBytes = 512u << 20;
// QEMU 10.0 and later have the kernel as it is besides ("etc/boot/kernel"), and firmware from
// edk2-stable202502 on takes that. QEMU commit a7542a38f399 hands no other to a confidential guest. It landed
// the day after 10.1.0, so that a 10.1 of a distribution may have it.
constexpr kit::QemuVersion kFirstWithBoth{10, 0}, kFirstWithout{10, 2};

kit::Sha384Digest authenticode(kit::ByteView image)
{
    constexpr std::array kSha384{kit::HashAlgorithm::Sha2_384};
    const auto digest = kit::authenticode(image, kSha384, kit::PePadding::ToEight).front();
    kit::Sha384Digest out;
    std::copy(digest.view().begin(), digest.view().end(), out.begin());
    return out;
}

} // namespace

bool mayPatchKernel(std::string_view qemu_version) noexcept
{
    const auto version = kit::QemuVersion::of(qemu_version);
    return !version || *version < kFirstWithout;
}

std::vector<KernelForm> kernelForms(const KernelInputs& inputs)
{
    const auto version = kit::QemuVersion::of(inputs.qemuVersion);
    const bool mayPatch = mayPatchKernel(inputs.qemuVersion);
    const bool mayLeave = !version || *version >= kFirstWithBoth;
    kit::Bytes kernel = kit::readFile(inputs.path, "kernel", kMaxKernelBytes);
    std::vector<KernelForm> out;
    if (mayLeave)
        out.push_back({"the firmware gets the kernel as it is", inputs.path, authenticode(kernel)});
    if (mayPatch) {
        try {
            kit::patchKernelHeader(kernel, kit::lowMemory(kit::Board::Q35, inputs.memoryBytes),
                                   inputs.initrdBytes, inputs.cmdline);
            out.push_back({"QEMU fills in the kernel's header",
                           inputs.path + ", its header filled in by QEMU", authenticode(kernel)});
        } catch (const kit::InputError&) {
            if (!mayLeave) // else it is a kernel that such a QEMU does not boot
                throw;
        }
    }
    if (out.size() == 1)
        out.front().when.clear();
    return out;
}

} // namespace teehost::tdx
