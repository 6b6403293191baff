// SPDX-License-Identifier: Apache-2.0
//
// A TPM's signing side in software, with keys made on the spot, and the logs whose PCRs it quotes. Structures
// are written here byte by byte, apart from the library that reads them. Each part can be made wrong.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <teehost/kit/bytes.h>
#include <teehost/kit/digest.h>

struct evp_pkey_st;

namespace teehost::vtpm_factory {

using kit::Bytes;
using kit::HashAlgorithm;
using Key = std::shared_ptr<evp_pkey_st>;

/// Bytes in the order they are written.
class Writer {
public:
    Writer& big(std::uint64_t number, unsigned octets);
    Writer& little(std::uint64_t number, unsigned octets);
    Writer& raw(kit::ByteView bytes);
    Writer& text(std::string_view text) { return raw(kit::viewOf(text)); }
    Writer& sized(kit::ByteView bytes) { return big(bytes.size(), 2).raw(bytes); } ///< TPM2B
    [[nodiscard]] const Bytes& bytes() const noexcept { return out_; }

private:
    Bytes out_;
};

/// The TPM's id of a hash algorithm.
[[nodiscard]] std::uint16_t algId(HashAlgorithm bank);

/// A varint, or a length with bytes, of a protocol buffer.
void putField(Bytes& out, unsigned number, std::uint64_t value);
void putField(Bytes& out, unsigned number, kit::ByteView bytes);

enum class Scheme { RsaSsa, RsaPss, Ecdsa };

using Pcrs = std::map<HashAlgorithm, std::map<unsigned, Bytes>>;

struct QuoteTerms {
    Bytes nonce = Bytes(32, 0x5A);
    Pcrs pcrs{};
    std::uint32_t magic = 0xFF544347;
    std::uint16_t type = 0x8018;
    std::uint64_t clock = 5000;
    std::uint32_t resetCount = 3, restartCount = 1;
    std::uint8_t safe = 1;
};

class SoftTpm {
public:
    explicit SoftTpm(Scheme scheme, std::uint32_t attributes = 0x00050072);

    [[nodiscard]] const Bytes& akPublic() const noexcept { return public_; } ///< TPMT_PUBLIC
    [[nodiscard]] Bytes akName() const;
    [[nodiscard]] const Key& key() const noexcept { return key_; }
    [[nodiscard]] Bytes attest(const QuoteTerms& terms) const; ///< TPMS_ATTEST of a quote
    [[nodiscard]] Bytes sign(kit::ByteView attest) const;      ///< TPMT_SIGNATURE over SHA-256

private:
    Scheme scheme_;
    Key key_;
    Bytes public_;
};

struct FakeEvent {
    std::uint32_t pcr;
    std::uint32_t type;
    Bytes measured; ///< what is hashed
    Bytes data;     ///< what the log shows; usually the same
};
/// A direct boot: firmware, variables, kernel, command line, initrd.
[[nodiscard]] std::vector<FakeEvent> directBoot(std::string_view command_line, bool secure_boot = false);
/// Crypto-agile, with digests of these banks.
[[nodiscard]] Bytes eventLog(const std::vector<FakeEvent>& events, const std::vector<HashAlgorithm>& banks);
/// What the events make of PCRs 0 to 23.
[[nodiscard]] Pcrs pcrsAfter(const std::vector<FakeEvent>& events, const std::vector<HashAlgorithm>& banks);

/// ima-ng records with SHA-256 digests, the first of them boot_aggregate over `pcrs`; extends PCR 10 of
/// `pcrs` by all of them.
[[nodiscard]] Bytes imaLog(const std::vector<std::string>& paths, Pcrs& pcrs);

/// attest.Attestation with one quote a bank.
struct Message {
    Bytes akPublic{};
    struct Quote {
        Bytes attest, signature;
        HashAlgorithm bank;
        std::map<unsigned, Bytes> pcrs;
    };
    std::vector<Quote> quotes{};
    Bytes eventLog{};
    Bytes akCertificate{};
    Bytes snp{}; ///< sevsnp.Attestation
};
[[nodiscard]] Bytes write(const Message& message);
/// A token as agents wrap a message in: a CBOR map, with `cose` inside COSE_Sign1.
[[nodiscard]] Bytes token(kit::ByteView message, std::string_view platform, bool cose);

/// sevsnp.Attestation whose report has this data, asked for at this privilege level.
[[nodiscard]] Bytes snpAttestation(kit::ByteView report_data, std::uint32_t vmpl = 0);

} // namespace teehost::vtpm_factory
