// SPDX-License-Identifier: Apache-2.0
//
// The VM's TPM: what its PCRs hold, and quotes of them by a key that never leaves it.
//
//     Tpm tpm;                            // opens /dev/tpmrm0; TpmError when there is none
//     tpm.quote(nonce, tpm.banks().front());
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guest/agent/attest/tpm_command.h"
#include "host/base/unique_fd.h"

namespace teehost::guest::tpm {

/// TPM_ALG_ID of a bank, 0x000b for SHA-256.
using Bank = std::uint16_t;
using Pcrs = std::map<std::uint32_t, std::string>;

struct Quote {
    Bank bank = 0;
    std::string attest;    ///< TPMS_ATTEST
    std::string signature; ///< TPMT_SIGNATURE
    Pcrs pcrs;
};

/// A credential that was made for other keys than this TPM's. No TpmError: nothing is wrong with the TPM.
class WrongCredential : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Not thread-safe: a TPM does one thing at a time.
class Tpm {
public:
    /// Of Linux' resource manager, which flushes what this object has in the TPM when it is gone.
    explicit Tpm(const char* device = "/dev/tpmrm0");
    /// That is connected already: a write is a command, a read its answer.
    explicit Tpm(UniqueFd device) noexcept : device_(std::move(device)) {}

    /// Banks that are allocated, in the TPM's order.
    [[nodiscard]] std::vector<Bank> banks();
    /// PCRs 0 to 23.
    [[nodiscard]] Pcrs readPcrs(Bank bank);
    /// Extends one PCR in each of these banks, with a digest of the bank's size.
    void extend(std::uint32_t pcr, const std::map<Bank, std::string>& digests);
    /// TPMT_PUBLIC of the endorsement key: the one that is provisioned, else of the TCG's default template
    /// for RSA-2048.
    [[nodiscard]] const std::string& endorsementKey() { return endorsement().publicArea; }
    /// TPMT_PUBLIC of the attestation key: restricted, signing, ECDSA on P-256, made below the endorsement
    /// key when it is first asked for and kept in the TPM until this object is gone.
    [[nodiscard]] const std::string& attestationKey();
    /// Of PCRs 0 to 23; `nonce` at most 64 bytes.
    [[nodiscard]] Quote quote(const std::string& nonce, Bank bank);
    /// What stands in non-volatile memory; nothing when there is no such index, or the TPM does not give it
    /// out.
    [[nodiscard]] std::optional<std::string> nonVolatile(std::uint32_t index);
    /// The credential that somebody made for the attestation key and encrypted to the endorsement key
    /// (TPM2_ActivateCredential): TPMS_ID_OBJECT and the secret, both without their sizes. WrongCredential
    /// when the TPM does not find one in them.
    [[nodiscard]] std::string activateCredential(std::string_view idObject, std::string_view encryptedSecret);

private:
    class Session;
    struct Key {
        std::uint32_t handle = 0;
        std::string publicArea;
    };
    Answer run(const Command& command);
    const Key& endorsement();
    Key makeAttestationKey();
    std::string readNonVolatile(std::uint32_t index);
    std::uint32_t property(std::uint32_t which);

    UniqueFd device_;
    std::optional<Key> endorsement_, key_;
};

} // namespace teehost::guest::tpm
