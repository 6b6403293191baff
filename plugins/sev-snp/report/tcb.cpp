// SPDX-License-Identifier: Apache-2.0
#include "report/tcb.h"

namespace teehost::sev_snp {

std::string_view nameOf(ProductLine line) noexcept
{
    constexpr std::array<std::string_view, 3> kNames{"Milan", "Genoa", "Turin"};
    return kNames[static_cast<std::size_t>(line)];
}

std::optional<ProductLine> lineNamed(std::string_view name) noexcept
{
    for (const auto line : {ProductLine::Milan, ProductLine::Genoa, ProductLine::Turin})
        if (name == nameOf(line))
            return line;
    return std::nullopt;
}

std::optional<ProductLine> lineOf(std::uint8_t family, std::uint8_t model) noexcept
{
    if (family == 0x19 && model <= 0x0f)
        return ProductLine::Milan;
    if (family == 0x19 && ((model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf)))
        return ProductLine::Genoa; // Bergamo and Siena have Genoa's keys
    if (family == 0x1a && model <= 0x11)
        return ProductLine::Turin;
    return std::nullopt;
}

Tcb Tcb::decode(const Encoded& b, ProductLine line) noexcept
{
    if (line == ProductLine::Turin)
        return {b[0], b[1], b[2], b[3], b[7]};
    return {0, b[0], b[1], b[6], b[7]};
}

Tcb::Encoded Tcb::encode(ProductLine line) const noexcept
{
    if (line == ProductLine::Turin)
        return {fmc, bootLoader, tee, snp, 0, 0, 0, microcode};
    return {bootLoader, tee, 0, 0, 0, 0, snp, microcode};
}

bool atLeast(const Tcb& a, const Tcb& b) noexcept
{
    return a.fmc >= b.fmc && a.bootLoader >= b.bootLoader && a.tee >= b.tee && a.snp >= b.snp &&
           a.microcode >= b.microcode;
}

std::string toText(const Tcb& tcb, ProductLine line)
{
    const std::string fmc = line == ProductLine::Turin ? "fmc " + std::to_string(tcb.fmc) + ", " : "";
    return fmc + "boot_loader " + std::to_string(tcb.bootLoader) + ", tee " + std::to_string(tcb.tee) +
           ", snp " + std::to_string(tcb.snp) + ", microcode " + std::to_string(tcb.microcode);
}

} // namespace teehost::sev_snp
