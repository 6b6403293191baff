// SPDX-License-Identifier: Apache-2.0
//
// Entity attestation tokens (RFC 9711) as agents wrap their evidence in.
#include <utility>

#include <teehost/kit/cbor.h>
#include <teehost/kit/input_error.h>

#include "evidence/evidence.h"

namespace teehost::vtpm {
namespace {

constexpr std::string_view kWhat = "token";
constexpr std::uint64_t kCoseSign1 = 18; // RFC 9052, section 4.2
constexpr std::uint64_t kCwt = 61;       // RFC 8392, section 6
constexpr std::uint64_t kMostClaims = 64;

/// The payload of COSE_Sign1, or the whole when it is none.
kit::ByteView payloadOf(kit::ByteView token)
{
    kit::CborReader in(token, kWhat);
    bool tagged = false;
    while (in.peek() == kit::CborReader::Type::Tag) {
        const std::uint64_t tag = in.tag();
        if ((tag != kCwt && tag != kCoseSign1) || std::exchange(tagged, tag == kCoseSign1))
            in.fail("the tag " + std::to_string(tag));
    }
    if (in.peek() != kit::CborReader::Type::Array) {
        if (tagged)
            in.fail("COSE_Sign1 that is no array");
        return token;
    }
    if (in.array() != 4)
        in.fail("an array that is no COSE_Sign1");
    static_cast<void>(in.bytes()); // protected header
    in.skip();                     // unprotected header
    const kit::ByteView payload = in.bytes();
    static_cast<void>(in.bytes()); // signature, by the guest
    in.expectDone();
    return payload;
}

struct Claims {
    std::string_view platform;
    kit::ByteView report;
};

Claims readClaims(kit::ByteView payload)
{
    Claims out;
    kit::CborReader in(payload, kWhat);
    std::uint64_t left = in.map();
    if (left > kMostClaims)
        in.fail(std::to_string(left) + " claims");
    for (; left > 0; --left) {
        const auto key = in.key();
        if (key.isText && key.text == "platform_type") {
            if (!out.platform.empty())
                in.fail("a second platform_type");
            out.platform = in.text();
        } else if (key.isText && key.text == "raw_report") {
            if (!out.report.empty())
                in.fail("a second raw_report");
            out.report = in.bytes();
        } else {
            in.skip();
        }
    }
    in.expectDone();
    return out;
}

} // namespace

Evidence readToken(kit::ByteView token)
{
    return kit::withReason("malformed", [&] {
        const Claims claims = readClaims(payloadOf(token));
        if (claims.report.empty())
            throw kit::InputError("malformed", "the token carries no raw_report");
        if (claims.platform != "vTPM" && claims.platform != "SNP-vTPM")
            throw kit::InputError("platform", "the token is not of a vTPM");
        Evidence out = readAttestation(claims.report);
        out.form = "eat";
        return out;
    });
}

} // namespace teehost::vtpm
