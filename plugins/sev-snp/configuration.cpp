// SPDX-License-Identifier: Apache-2.0
#include "configuration.h"

#include <algorithm>
#include <charconv>

#include <teehost/kit/bytes.h>

namespace teehost::sev_snp {
namespace {

sdk::Error wrong(std::string_view key, const std::string& what)
{
    return {TH_INVALID_ARGUMENT,
            "option sev-snp." + std::string(key) + " must be " + what,
            {},
            "sev-snp." + std::string(key)};
}

/// Decimal, or hexadecimal with 0x.
std::uint64_t parseNumber(std::string_view key, std::string_view text, std::uint64_t most)
{
    const int base = text.starts_with("0x") ? 16 : 10;
    const std::string_view digits = base == 16 ? text.substr(2) : text;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || number > most)
        throw wrong(key, "a number, decimal or with 0x");
    return number;
}

std::optional<std::uint64_t> numberOrAuto(sdk::Call call, std::string_view key)
{
    return call.isAuto(key) ? std::nullopt : std::optional(call.number(key));
}

template <std::size_t Size>
std::array<std::uint8_t, Size> exactly(std::string_view key, sdk::ByteView bytes)
{
    std::array<std::uint8_t, Size> out{};
    if (bytes.size() != Size)
        throw wrong(key, std::to_string(Size) + " bytes");
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

std::optional<std::array<std::uint8_t, 32>> readHostData(sdk::Call call)
{
    if (!call.flag("enable_host_data"))
        return std::nullopt;
    const auto bytes = kit::fromBase64(call.text("host_data"));
    if (!bytes)
        throw wrong("host_data", "32 bytes in base64");
    return exactly<32>("host_data", *bytes);
}

VmsaProfile profileNamed(std::string_view name)
{
    return name == "qemu-legacy" ? VmsaProfile::QemuLegacy
           : name == "ec2"       ? VmsaProfile::Ec2
           : name == "gce"       ? VmsaProfile::Gce
                                 : VmsaProfile::Qemu;
}

void expectTogether(const Configuration& c)
{
    if (c.idBlock.empty() != c.idAuth.empty())
        throw wrong(c.idBlock.empty() ? "id_block" : "id_auth", "set too: id_block and id_auth go together");
    if (!c.idBlock.empty() && !c.idKey.empty())
        throw wrong("id_key", "empty when id_block is set: the block is either made or given");
    if (!c.authorKey.empty() && c.idKey.empty())
        throw wrong("id_key", "set when author_key is: an author signs an ID key");
    if (!c.secureTsc && c.tscFrequency != 0)
        throw wrong("tsc_frequency", "0 without secure_tsc");
}

} // namespace

Configuration::Configuration(sdk::Call call)
    : id(call.text("id")), igvmId(call.text("igvm_id")), igvmFile(call.text("igvm_file")),
      cbitpos(numberOrAuto(call, "cbitpos")), reducedPhysBits(numberOrAuto(call, "reduced_phys_bits")),
      vcekDisabled(call.flag("vcek_disabled")), debugSwap(call.flag("debug_swap")),
      secureTsc(call.flag("secure_tsc")), tscFrequency(call.number("tsc_frequency")),
      hostData(readHostData(call)), bindConfiguration(call.flag("bind_configuration")),
      nativeZeroPages(call.flag("native_zero_pages")), kernelHashes(call.flag("kernel_hashes")),
      allowUnmeasuredKernel(call.flag("allow_unmeasured_kernel")), idBlock(call.text("id_block")),
      idAuth(call.text("id_auth")), idKey(call.text("id_key")), authorKey(call.text("author_key")),
      familyId(exactly<16>("family_id", call.bytes("family_id"))),
      imageId(exactly<16>("image_id", call.bytes("image_id"))),
      guestSvn(static_cast<std::uint32_t>(call.number("guest_svn"))),
      vmsaProfile(profileNamed(call.text("vmsa_profile")))
{
    if (const std::string_view text = call.text("policy"); !text.empty())
        policy = parseNumber("policy", text, UINT64_MAX);
    if (const std::string_view text = call.text("cpu_signature"); text != "auto")
        cpuSignature = static_cast<std::uint32_t>(parseNumber("cpu_signature", text, UINT32_MAX));
    expectTogether(*this);
}

} // namespace teehost::sev_snp
