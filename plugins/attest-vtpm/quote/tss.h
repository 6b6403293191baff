// SPDX-License-Identifier: Apache-2.0
//
// tss2-mu behind one function: a structure that is the whole input, in the only encoding it has. It gets to
// see only what has the structure's shape (quote/shape.h).
#pragma once

#include <string>
#include <vector>

#include <tss2/tss2_mu.h>

#include <teehost/kit/input_error.h>

#include "quote/shape.h"

namespace teehost::vtpm {

/// InputError malformed when the bytes are not exactly one T. Written again it must give the same bytes: a
/// name is a digest of them, and two encodings of one key would have two names.
template <class T, class Unmarshal, class Marshal>
T unmarshal(kit::ByteView bytes, void (*check_shape)(kit::Reader), Unmarshal read, Marshal write,
            const char* what)
{
    kit::withReason("malformed", [&] { check_shape(kit::Reader(bytes, what)); });
    T out{};
    std::size_t offset = 0;
    const TSS2_RC result = read(bytes.data(), bytes.size(), &offset, &out);
    if (result != TSS2_RC_SUCCESS || offset != bytes.size())
        throw kit::InputError("malformed",
                              std::string(what) + ": " +
                                  (result != TSS2_RC_SUCCESS
                                       ? "not readable (tss2-mu says " + kit::hexNumber(result) + ")"
                                       : "bytes are left over") +
                                  ", of " + std::to_string(bytes.size()) + " bytes",
                              offset);
    kit::Bytes again(bytes.size());
    offset = 0;
    if (write(&out, again.data(), again.size(), &offset) != TSS2_RC_SUCCESS || !kit::equal(again, bytes))
        throw kit::InputError("malformed", std::string(what) + ": not in its canonical encoding");
    return out;
}

template <class Buffer>
[[nodiscard]] kit::ByteView viewOf(const Buffer& tpm2b)
{
    return {tpm2b.buffer, tpm2b.size};
}

} // namespace teehost::vtpm
