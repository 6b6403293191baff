// SPDX-License-Identifier: Apache-2.0
//
// A file of a person is refused with a reason, or comes to at least one part; what was written as text is
// read back as it was; and blocks of PEM are read or refused. Input: the file.
#include <algorithm>

#include <teehost/kit/crypto_error.h>
#include <teehost/kit/evidence_file.h>
#include <teehost/kit/pem.h>
#include <teehost/kit/text_form.h>

#include "tests/fuzz/refusal.h"

using namespace teehost;

namespace {

void readBack(kit::ByteView bytes)
{
    constexpr std::size_t kFewest = 16;
    if (bytes.size() < kFewest)
        return;
    for (const std::string& text : {kit::toHex(bytes), kit::toBase64(bytes)}) {
        const auto decoded = kit::decodeText(kit::viewOf(text));
        // Base64 that is nothing but hexadecimal digits is taken for these.
        const bool both = text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
        fuzz::require(decoded.has_value(), "text is decoded");
        fuzz::require(both || kit::equal(decoded->data, bytes), "text is read back as it was");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const kit::ByteView bytes(data, size);
    const auto parts = fuzz::unlessInputError([&] { return kit::partsOfEvidence(bytes); });
    fuzz::require(!parts || !parts->empty(), "a file comes to something");
    for (const auto& part : parts.value_or(std::vector<kit::FilePart>()))
        fuzz::require(part.data.size() <= std::max(bytes.size(), std::size_t{1}),
                      "a part is no larger than the file");
    fuzz::require(!kit::partsOfCollateral(bytes).empty(), "collateral comes to something");
    try {
        for (const auto& block : kit::readPem(bytes))
            fuzz::require(block.data.size() < bytes.size(), "a block is smaller than its text");
    } catch (const kit::CryptoError&) {
        // It is broken, and says so.
    }
    readBack(bytes);
    return 0;
}
