// SPDX-License-Identifier: Apache-2.0
//
// The page through which a firmware learns what it may boot: SHA-256 of kernel, initrd and command line, in
// the form QEMU writes and OVMF's BlobVerifierLibSevHashes reads (QEMU, target/i386/sev.c, SevHashTable).
#pragma once

#include <array>

#include <teehost/kit/digest.h>

#include "launch/ovmf_image.h"
#include "launch/page_chain.h"

namespace teehost::sev_snp {

struct KernelHashes {
    kit::Sha256Digest kernel{};  ///< of the file as it is on disk
    kit::Sha256Digest initrd{};  ///< of no bytes when there is none
    kit::Sha256Digest cmdline{}; ///< with the NUL that ends it
};

[[nodiscard]] kit::Sha256Digest hashOfCmdline(std::string_view cmdline);

using Page = std::array<std::uint8_t, kPageSize>;

/// The page with the table at the place inside it that `area` says. InputError no_kernel_hashes_section when
/// it does not fit.
[[nodiscard]] Page kernelHashesPage(const KernelHashes& hashes, const HashTableArea& area);

} // namespace teehost::sev_snp
