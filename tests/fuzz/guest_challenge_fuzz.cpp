// SPDX-License-Identifier: Apache-2.0
//
// What the host asks the guest to prove, and what a TPM keeps for it: refused, or exactly two parts; a
// certificate loses nothing but what lies behind it. Input: either.
#include "guest/agent/attest/challenge.h"
#include "guest/agent/attest/tpm_command.h"
#include "tests/fuzz/property.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes = fuzz::asText(data, size);
    try {
        const auto challenge = guest::parseChallenge(bytes);
        fuzz::require(bytes.size() <= 1024 && !challenge.idObject.empty() &&
                          !challenge.encryptedSecret.empty(),
                      "a challenge is bounded and has both parts");
        const auto written = guest::tpm::Writer().sized(challenge.idObject).sized(challenge.encryptedSecret);
        fuzz::require(written.bytes() == bytes, "a challenge is its two parts and nothing else");
    } catch (const guest::BadChallenge&) {
    }
    const auto kept = guest::withoutPadding(bytes);
    fuzz::require(bytes.starts_with(kept), "what is kept is the beginning");
    const auto cut = bytes.substr(kept.size());
    fuzz::require(cut.find_first_not_of(cut.substr(0, 1)) == std::string_view::npos,
                  "one byte fills the rest");
    fuzz::require(guest::withoutPadding(kept) == kept, "there is nothing more to cut");
    return 0;
}
