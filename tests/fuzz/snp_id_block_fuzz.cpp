// SPDX-License-Identifier: Apache-2.0
//
// ID blocks and their authentication are refused, or say the same when they are written again; and nothing
// but the owner of the key makes a pair that fits. Input: 96 bytes of a block, then the authentication.
#include <algorithm>

#include "launch/id_block.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::sev_snp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::Bytes bytes(data, data + size);
    bytes.resize(kIdBlockSize + kIdAuthSize); // a short input is one with zeros behind it
    const kit::ByteView view(bytes);
    const auto block = fuzz::unlessInputError([&] { return IdBlock::parse(view.first(kIdBlockSize)); });
    const auto auth = fuzz::unlessInputError([&] { return IdAuth::parse(view.subspan(kIdBlockSize)); });
    if (block)
        fuzz::require(kit::equal(block->encode(), view.first(kIdBlockSize)),
                      "a block is written as it was read");
    if (auth) {
        const auto again = auth->encode();
        // Only an author's algorithm without an author is left out.
        fuzz::require(kit::equal(kit::ByteView(again).subspan(8), view.subspan(kIdBlockSize + 8)),
                      "authentication is written as it was read");
    }
    if (!block || !auth)
        return 0;
    const bool fits = fuzz::unlessInputError([&] { return verifyId(*block, *auth), true; }).has_value();
    IdBlock other = *block;
    other.digest[0] ^= 1;
    fuzz::require(!fits || !fuzz::unlessInputError([&] { return verifyId(other, *auth), true; }),
                  "a signature is of one block");
    return 0;
}
