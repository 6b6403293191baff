// SPDX-License-Identifier: Apache-2.0
//
// CPUID(1).EAX of QEMU's CPU models, which the guest's first VMSA carries in RDX: the digest depends on the
// model on QEMU's command line, not on the machine.
#pragma once

#include <optional>
#include <string_view>

#include <cstdint>

namespace teehost::sev_snp {

/// CPUID(1).EAX of family, model and stepping (AMD64 Architecture Programmer's Manual, volume 3,
/// Fn0000_0001_EAX).
[[nodiscard]] constexpr std::uint32_t cpuSignature(unsigned family, unsigned model,
                                                   unsigned stepping) noexcept
{
    const unsigned base = family < 15 ? family : 15, extended = family < 15 ? 0 : family - 15;
    return extended << 20 | (model >> 4 & 15) << 16 | base << 8 | (model & 15) << 4 | (stepping & 15);
}

/// Of "EPYC-Milan", "EPYC-Milan-v2", "EPYC-v4", ... (QEMU, target/i386/cpu.c). Every version of a model has
/// the signature of the model. Nothing for models that depend on the machine (host, max, base) or are not
/// known.
[[nodiscard]] std::optional<std::uint32_t> signatureOfCpu(std::string_view model) noexcept;

} // namespace teehost::sev_snp
