// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/endorsement.h"

#include "guest/agent/attest/challenge.h"
#include "guest/agent/attest/shared_tpm.h"

namespace teehost::guest {
namespace {

constexpr std::uint32_t kCertificateIndex = 0x01c00002;

} // namespace

Endorsement endorsement()
{
    return sharedTpm().with([](tpm::Tpm& tpm) {
        Endorsement out{tpm.endorsementKey(), std::nullopt};
        if (const auto memory = tpm.nonVolatile(kCertificateIndex))
            out.certificate = withoutPadding(*memory);
        return out;
    });
}

std::string answerChallenge(std::string_view challenge)
{
    const Challenge parts = parseChallenge(challenge);
    return sharedTpm().with([&](tpm::Tpm& tpm) {
        try {
            return tpm.activateCredential(parts.idObject, parts.encryptedSecret);
        } catch (const tpm::WrongCredential& e) {
            throw BadChallenge(e.what());
        }
    });
}

} // namespace teehost::guest
