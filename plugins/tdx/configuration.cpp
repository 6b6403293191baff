// SPDX-License-Identifier: Apache-2.0
#include "tdx/configuration.h"

#include <teehost/kit/bytes.h>
#include <teehost/kit/option_text.h>

namespace teehost::tdx {
namespace {

constexpr kit::OptionText kText("tdx");
constexpr std::size_t kMostSocketPath = 107; // sun_path of unix(7), with its NUL

std::optional<OwnerRegister> ownerRegister(sdk::Call call, std::string_view key)
{
    const sdk::ByteView bytes = call.bytes(key);
    if (bytes.empty())
        return std::nullopt;
    return kText.exactly<std::tuple_size_v<OwnerRegister>>(key, bytes);
}

void expectAttributes(const Configuration& c)
{
    if (!c.attributes)
        return;
    if ((*c.attributes & ~attribute::kAll) != 0)
        throw kText.wrong("attributes", "made of bits 28, 30 and 63: QEMU refuses all others, debugging "
                                        "(bit 0) among them");
    const bool disables = (*c.attributes & attribute::kSeptVeDisable) != 0;
    if (disables != c.septVeDisable)
        throw kText.wrong("attributes", std::string(c.septVeDisable ? "with" : "without") +
                                            " bit 28: tdx.sept_ve_disable is " +
                                            (c.septVeDisable ? "true" : "false"));
}

void expectQuoteGeneration(const std::string& text)
{
    if (text == "auto" || text == "vsock" || text == "none")
        return;
    if (!text.starts_with('/') || text.size() > kMostSocketPath)
        throw kText.wrong("quote_generation",
                          "auto, vsock, none, or the absolute path of a socket of at most 107 characters");
}

} // namespace

Configuration::Configuration(sdk::Call call)
    : id(call.text("id")), firmware(call.text("firmware")), septVeDisable(call.flag("sept_ve_disable")),
      bindConfiguration(call.flag("bind_configuration")), mrConfigId(ownerRegister(call, "mr_config_id")),
      mrOwner(ownerRegister(call, "mr_owner")), mrOwnerConfig(ownerRegister(call, "mr_owner_config")),
      quoteGeneration(call.text("quote_generation")),
      quoteGenerationPort(static_cast<std::uint32_t>(call.number("quote_generation_port"))),
      quoteGenerationCid(static_cast<std::uint32_t>(call.number("quote_generation_cid"))),
      askQuoteGeneration(call.flag("ask_quote_generation"))
{
    if (const std::string_view text = call.text("attributes"); !text.empty())
        attributes = kText.number("attributes", text, UINT64_MAX);
    expectAttributes(*this);
    expectQuoteGeneration(quoteGeneration);
}

} // namespace teehost::tdx
