// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/key_templates.h"

#include "guest/agent/attest/tpm_command.h"

namespace teehost::guest::tpm {
namespace {

constexpr std::uint16_t kRsa = 0x0001, kAes = 0x0006, kEcc = 0x0023, kCfb = 0x0043; // TPM_ALG_ID
constexpr std::uint16_t kP256 = 0x0003;                                             // TPM_ECC_NIST_P256

// TPMA_OBJECT: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign; and of an EK
// adminWithPolicy, restricted, decrypt instead of the last three.
constexpr std::uint32_t kAkAttributes = 0x00050072, kEkAttributes = 0x000300b2;

/// PolicySecret(TPM_RH_ENDORSEMENT), the authorisation policy of the default EK template (TCG EK Credential
/// Profile, appendix B.3.3).
constexpr unsigned char kEkPolicy[] = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
                                       0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
                                       0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

} // namespace

std::string endorsementTemplate()
{
    Writer out;
    out.u16(kRsa).u16(kSha256).u32(kEkAttributes);
    out.sized({reinterpret_cast<const char*>(kEkPolicy), sizeof kEkPolicy});
    out.u16(kAes).u16(128).u16(kCfb).u16(kNull).u16(2048).u32(0).sized(std::string(256, '\0'));
    return out.bytes();
}

std::string attestationTemplate(std::string_view x, std::string_view y)
{
    Writer out;
    out.u16(kEcc).u16(kSha256).u32(kAkAttributes).sized({});
    out.u16(kNull).u16(kEcdsa).u16(kSha256).u16(kP256).u16(kNull).sized(x).sized(y);
    return out.bytes();
}

} // namespace teehost::guest::tpm
