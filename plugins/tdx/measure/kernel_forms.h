// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <teehost/kit/digest.h>

namespace teehost::tdx {

/// A kernel as the firmware may get it from QEMU, which up to 10.1 fills in its header as a boot loader does.
struct KernelForm {
    std::string when;           ///< "the firmware gets the kernel as it is"; empty when it is the only one
    std::string source;         ///< for people
    kit::Sha384Digest digest{}; ///< Authenticode
};

struct KernelInputs {
    std::string path;
    std::string cmdline;
    std::optional<std::uint64_t> initrdBytes;
    std::uint64_t memoryBytes = 0;
    std::string qemuVersion; ///< "10.1.2"; empty if unknown
};

/// Whether this QEMU may be one that fills in a kernel's header: then the digest hangs on how memory is laid
/// out, as soon as there is an initrd.
[[nodiscard]] bool mayPatchKernel(std::string_view qemu_version) noexcept;

/// All that this QEMU may do, and both of what any has done when its version is not known. InputError bad_pe,
/// bad_kernel; std::system_error and std::runtime_error for a file that cannot be read.
[[nodiscard]] std::vector<KernelForm> kernelForms(const KernelInputs& inputs);

} // namespace teehost::tdx
