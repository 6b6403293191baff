// SPDX-License-Identifier: Apache-2.0
//
// TCB_VERSION: the security version numbers of a platform's firmware components (56860, section 2.2). Their
// order in the eight bytes changed with Turin, so they are compared component by component and never as a
// number.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <teehost/kit/bytes.h>

namespace teehost::sev_snp {

/// Of one generation of chips; all parts of a line share keys and certificates.
enum class ProductLine { Milan, Genoa, Turin };

[[nodiscard]] std::string_view nameOf(ProductLine line) noexcept; ///< as AMD's certificates and URLs write it
[[nodiscard]] std::optional<ProductLine> lineNamed(std::string_view name) noexcept;

/// CPUID family and model, both combined values. Nothing for chips without a root that is known here.
[[nodiscard]] std::optional<ProductLine> lineOf(std::uint8_t family, std::uint8_t model) noexcept;

struct Tcb {
    std::uint8_t fmc = 0; ///< Turin only
    std::uint8_t bootLoader = 0;
    std::uint8_t tee = 0;
    std::uint8_t snp = 0;
    std::uint8_t microcode = 0;

    using Encoded = std::array<std::uint8_t, 8>;
    [[nodiscard]] static Tcb decode(const Encoded& bytes, ProductLine line) noexcept;
    [[nodiscard]] Encoded encode(ProductLine line) const noexcept;
    bool operator==(const Tcb&) const = default;
};

/// Every component of `a` is at least that of `b`.
[[nodiscard]] bool atLeast(const Tcb& a, const Tcb& b) noexcept;

/// "boot_loader 4, tee 0, snp 24, microcode 219", with "fmc 0" in front for Turin.
[[nodiscard]] std::string toText(const Tcb& tcb, ProductLine line);

} // namespace teehost::sev_snp
