// SPDX-License-Identifier: Apache-2.0
//
// TPM 2.0 Library part 2: sections 10.12 (attestation), 11.3 (signatures), 12.2 (public areas), 15.1
// (creation data); big endian all of it.
#include "quote/shape.h"

#include <tss2/tss2_tpm2_types.h>

#include "tpm_algorithm.h"

namespace teehost::vtpm::shape {
namespace {

constexpr std::size_t kMostDigest = 64, kMostName = 66, kMostData = 64;

void sized(kit::Reader& in, std::size_t most)
{
    const std::uint16_t size = in.u16be();
    if (size > most)
        in.fail(std::to_string(size) + " bytes where " + std::to_string(most) + " can be");
    in.skip(size);
}

void selections(kit::Reader& in)
{
    const std::uint32_t count = in.u32be();
    if (count > TPM2_NUM_PCR_BANKS)
        in.fail(std::to_string(count) + " selections of PCRs");
    for (std::uint32_t i = 0; i < count; ++i) {
        in.skip(2); // hash
        const std::uint8_t octets = in.u8();
        if (octets > TPM2_PCR_SELECT_MAX)
            in.fail("a selection of " + std::to_string(octets) + " octets");
        in.skip(octets);
    }
}

void symmetric(kit::Reader& in)
{
    const std::uint16_t algorithm = in.u16be();
    if (algorithm == TPM2_ALG_AES)
        in.skip(4); // key bits, mode
    else if (algorithm != TPM2_ALG_NULL)
        in.fail("the symmetric cipher " + algorithmName(algorithm));
}

void rsaParameters(kit::Reader& in)
{
    symmetric(in);
    const std::uint16_t scheme = in.u16be();
    if (scheme == TPM2_ALG_RSASSA || scheme == TPM2_ALG_RSAPSS || scheme == TPM2_ALG_OAEP)
        in.skip(2); // hash
    else if (scheme != TPM2_ALG_NULL && scheme != TPM2_ALG_RSAES)
        in.fail("the scheme " + algorithmName(scheme));
    in.skip(6); // key bits, exponent
    sized(in, TPM2_MAX_RSA_KEY_BYTES);
}

void eccParameters(kit::Reader& in)
{
    symmetric(in);
    const std::uint16_t scheme = in.u16be();
    if (scheme == TPM2_ALG_ECDSA || scheme == TPM2_ALG_ECDH || scheme == TPM2_ALG_ECSCHNORR)
        in.skip(2); // hash
    else if (scheme != TPM2_ALG_NULL)
        in.fail("the scheme " + algorithmName(scheme));
    in.skip(2); // curve
    if (const std::uint16_t kdf = in.u16be(); kdf != TPM2_ALG_NULL)
        in.fail("the key derivation " + algorithmName(kdf));
    sized(in, TPM2_MAX_ECC_KEY_BYTES);
    sized(in, TPM2_MAX_ECC_KEY_BYTES);
}

} // namespace

void attest(kit::Reader in)
{
    in.skip(4); // magic
    const std::uint16_t type = in.u16be();
    sized(in, kMostName);
    sized(in, kMostData);
    in.skip(17 + 8); // clock, counters, firmware version
    switch (type) {
    case TPM2_ST_ATTEST_QUOTE:
        selections(in);
        sized(in, kMostDigest);
        break;
    case TPM2_ST_ATTEST_CERTIFY:
        sized(in, kMostName);
        sized(in, kMostName);
        break;
    case TPM2_ST_ATTEST_CREATION:
        sized(in, kMostName);
        sized(in, kMostDigest);
        break;
    default:
        in.fail("an attestation of the type " + kit::hexNumber(type));
    }
    in.expectDone();
}

void signature(kit::Reader in)
{
    const std::uint16_t algorithm = in.u16be();
    in.skip(2); // hash
    if (algorithm == TPM2_ALG_RSASSA || algorithm == TPM2_ALG_RSAPSS) {
        sized(in, TPM2_MAX_RSA_KEY_BYTES);
    } else if (algorithm == TPM2_ALG_ECDSA) {
        sized(in, TPM2_MAX_ECC_KEY_BYTES);
        sized(in, TPM2_MAX_ECC_KEY_BYTES);
    } else {
        in.fail("a signature of the algorithm " + algorithmName(algorithm));
    }
    in.expectDone();
}

void publicArea(kit::Reader in)
{
    const std::uint16_t type = in.u16be();
    in.skip(2 + 4); // name algorithm, attributes
    sized(in, kMostDigest);
    if (type == TPM2_ALG_RSA)
        rsaParameters(in);
    else if (type == TPM2_ALG_ECC)
        eccParameters(in);
    else
        in.fail("a key of the type " + algorithmName(type));
    in.expectDone();
}

void creationData(kit::Reader in)
{
    selections(in);
    sized(in, kMostDigest);
    in.skip(1 + 2); // locality, name algorithm of the parent
    sized(in, kMostName);
    sized(in, kMostName);
    sized(in, kMostData);
    in.expectDone();
}

} // namespace teehost::vtpm::shape
