// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/challenge.h"

#include <algorithm>
#include <optional>
#include <string>

#include "guest/agent/attest/tpm_command.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kMostBytes = 1024; // proto/teehost/v1/guest.proto

/// Of the DER value that `memory` begins with, header included (ITU-T X.690, section 8.1); nothing when that
/// is no SEQUENCE with a length of up to two octets, as every certificate that fits a TPM has.
std::optional<std::size_t> derSize(std::string_view memory)
{
    try {
        tpm::Reader in(memory);
        if (in.u8() != 0x30)
            return std::nullopt;
        const std::uint8_t first = in.u8();
        if (first < 0x80)
            return std::size_t{2} + first;
        if (first == 0x81)
            return std::size_t{3} + in.u8();
        if (first == 0x82)
            return std::size_t{4} + in.u16();
    } catch (const tpm::TpmError&) {
        // Too short for a header.
    }
    return std::nullopt;
}

} // namespace

Challenge parseChallenge(std::string_view bytes)
{
    if (bytes.size() > kMostBytes)
        throw BadChallenge("a challenge has at most 1024 bytes, this has " + std::to_string(bytes.size()));
    try {
        tpm::Reader in(bytes);
        const Challenge out{in.sized(), in.sized()};
        if (!out.idObject.empty() && !out.encryptedSecret.empty() && in.rest().empty())
            return out;
    } catch (const tpm::TpmError&) {
        // Its words are about a TPM's answers.
    }
    throw BadChallenge(
        "a challenge is TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, neither empty, and these " +
        std::to_string(bytes.size()) + " bytes are not");
}

std::string_view withoutPadding(std::string_view memory)
{
    const auto size = derSize(memory);
    if (!size || *size >= memory.size())
        return memory;
    const auto padding = memory.substr(*size);
    const bool fills = std::all_of(padding.begin(), padding.end(), [](char c) { return c == '\0'; }) ||
                       std::all_of(padding.begin(), padding.end(), [](char c) { return c == '\xff'; });
    return fills ? memory.substr(0, *size) : memory;
}

} // namespace teehost::guest
