// SPDX-License-Identifier: Apache-2.0
#include "configuration.h"

#include <teehost/kit/bytes.h>
#include <teehost/kit/option_text.h>

namespace teehost::sev_snp {
namespace {

constexpr kit::OptionText kText("sev-snp");

std::optional<std::uint64_t> numberOrAuto(sdk::Call call, std::string_view key)
{
    return call.isAuto(key) ? std::nullopt : std::optional(call.number(key));
}

std::optional<std::array<std::uint8_t, 32>> readHostData(sdk::Call call)
{
    if (!call.flag("enable_host_data"))
        return std::nullopt;
    const auto bytes = kit::fromBase64(call.text("host_data"));
    if (!bytes)
        throw kText.wrong("host_data", "32 bytes in base64");
    return kText.exactly<32>("host_data", *bytes);
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
        throw kText.wrong(c.idBlock.empty() ? "id_block" : "id_auth",
                          "set too: id_block and id_auth go together");
    if (!c.idBlock.empty() && !c.idKey.empty())
        throw kText.wrong("id_key", "empty when id_block is set: the block is either made or given");
    if (!c.authorKey.empty() && c.idKey.empty())
        throw kText.wrong("id_key", "set when author_key is: an author signs an ID key");
    if (!c.secureTsc && c.tscFrequency != 0)
        throw kText.wrong("tsc_frequency", "0 without secure_tsc");
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
      familyId(kText.exactly<16>("family_id", call.bytes("family_id"))),
      imageId(kText.exactly<16>("image_id", call.bytes("image_id"))),
      guestSvn(static_cast<std::uint32_t>(call.number("guest_svn"))),
      vmsaProfile(profileNamed(call.text("vmsa_profile")))
{
    if (const std::string_view text = call.text("policy"); !text.empty())
        policy = kText.number("policy", text, UINT64_MAX);
    if (const std::string_view text = call.text("cpu_signature"); text != "auto")
        cpuSignature = static_cast<std::uint32_t>(kText.number("cpu_signature", text, UINT32_MAX));
    expectTogether(*this);
}

} // namespace teehost::sev_snp
