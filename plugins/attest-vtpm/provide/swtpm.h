// SPDX-License-Identifier: Apache-2.0
//
// A software TPM beside a VM: made once, with an endorsement key that a certificate authority of this host
// certifies, run by a process that starts before QEMU and ends with it. Whoever controls the host controls
// it: what it says binds the guest, never the host.
#pragma once

#include <string>

#include <teehost/plugin.hpp>

namespace teehost::vtpm {

struct SwtpmTerms {
    std::string swtpm = "swtpm"; ///< program, in PATH or absolute
    std::string setup = "swtpm_setup";
    std::string localca = "/usr/bin/swtpm_localca"; ///< absolute: swtpm_setup runs it
    std::string caDirectory; ///< absolute; the authority's keys and certificates, made by the first VM
    std::string banks = "sha256,sha384"; ///< active PCR banks
    std::string device = "tpm-crb";      ///< or tpm-tis
};

/// Adds the sidecars, their files and the device. sdk::Error for a machine without such a device, and for a
/// run directory whose path is too long for a socket.
void composeSwtpm(const SwtpmTerms& terms, const sdk::Vm& vm, const sdk::Fragment& out);

/// The authority's certificates in `directory`, PEM, root and intermediate: the trust anchors of these TPMs.
[[nodiscard]] std::string rootCertificateOf(const std::string& directory);
[[nodiscard]] std::string issuerCertificateOf(const std::string& directory);

} // namespace teehost::vtpm
