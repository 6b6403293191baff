// SPDX-License-Identifier: Apache-2.0
//
// A token is refused, or carries an attestation; any item of CBOR that can be passed over is read to its end.
// Input: the token.
#include <teehost/kit/cbor.h>

#include "evidence/evidence.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const kit::ByteView bytes(data, size);
    const auto evidence = fuzz::unlessInputError([&] { return vtpm::readToken(bytes); });
    fuzz::require(!evidence || (!evidence->akPublic.empty() && evidence->form == "eat"),
                  "a token carries an attestation");
    const auto whole = fuzz::unlessInputError([&] {
        return kit::withReason("cbor", [&] {
            kit::CborReader in(bytes, "item");
            in.skip();
            in.expectDone();
            return true;
        });
    });
    fuzz::require(!evidence || whole, "a token is one item");
    return 0;
}
