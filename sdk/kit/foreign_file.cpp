// SPDX-License-Identifier: Apache-2.0
//
// Files that people hand over in place of evidence, each known by more than its first bytes.
#include <algorithm>
#include <array>

#include "teehost/kit/evidence_file.h"
#include "teehost/kit/reader.h"
#include "teehost/kit/text_form.h"

namespace teehost::kit {
namespace {

constexpr const char* kHandOverQuote =
    "only its own platform can check it; hand over the quote that was made of it";

/// The header of an ACPI table (ACPI 6.5, section 5.2.6): signature, and the length of the whole.
std::optional<ForeignFile> acpiTable(ByteView file)
{
    constexpr std::size_t kHeader = 36;
    const std::string_view name = textOf(file).substr(0, 4);
    if (file.size() < kHeader || (name != "CCEL" && name != "TPM2" && name != "TCPA") ||
        Reader(file.subspan(4), "table").u32() != file.size())
        return std::nullopt;
    return ForeignFile{"the ACPI table " + std::string(name) + ", which says where the event log lies",
                       name == "CCEL" ? "hand over the log itself, /sys/firmware/acpi/tables/data/CCEL"
                                      : "hand over the log itself, "
                                        "/sys/kernel/security/tpm0/binary_bios_measurements"};
}

/// TDREPORT (Intel 344425, section 3.6.5): type 0x81, subtype 0, version 0 or 1, and 1024 bytes in all, which
/// may stand in a larger buffer.
std::optional<ForeignFile> tdReport(ByteView file)
{
    constexpr std::size_t kSize = 1024;
    if (file.size() < kSize || file[0] != 0x81 || file[1] != 0 || file[2] > 1 || file[3] != 0 ||
        !isZero(file.subspan(4, 12)) || !isZero(file.subspan(kSize)))
        return std::nullopt;
    return ForeignFile{"a TDREPORT", kHandOverQuote};
}

/// Azure's report (HCLA) of a VM that is none of SEV-SNP: behind the header of 32 bytes and the area of 1184
/// for the TEE's report stands its kind, 2 for SEV-SNP, 4 for TDX, and others for VMs without a TEE.
std::optional<ForeignFile> azuresOtherReport(ByteView file)
{
    constexpr std::size_t kHeader = 32, kArea = 1184, kKindAt = kHeader + kArea + 8;
    constexpr std::uint32_t kSnp = 2, kTdx = 4, kLastKind = 4;
    if (file.size() < kKindAt + 4 || !textOf(file).starts_with("HCLA"))
        return std::nullopt;
    const std::uint32_t kind = Reader(file.subspan(kKindAt), "Azure's report").u32();
    if (kind == kTdx || file[kHeader] == 0x81)
        return ForeignFile{"Azure's report of a TDX VM: a TDREPORT", kHandOverQuote};
    if (kind == kSnp || kind > kLastKind)
        return std::nullopt;
    return ForeignFile{"Azure's report of a VM without a TEE",
                       "no TEE vouches for it: judge its vTPM's quote"};
}

/// A quote's header (Intel DCAP, appendix A.3), of an SGX enclave: version 3, or TEE type 0, by Intel's QE.
std::optional<ForeignFile> sgxQuote(ByteView file)
{
    constexpr std::size_t kHeader = 48;
    constexpr auto kIntel = arrayOf<16>("939a7233f79c4ca9940a0db3957f0607");
    if (file.size() < kHeader || !equal(file.subspan(12, kIntel.size()), kIntel))
        return std::nullopt;
    Reader in(file, "quote");
    const std::uint16_t version = in.u16();
    in.skip(2);
    if (version != 3 && in.u32() != 0)
        return std::nullopt;
    return ForeignFile{"the quote of an SGX enclave", "hand over the quote of a TD"};
}

std::optional<ForeignFile> archive(ByteView file)
{
    struct Magic {
        std::string_view bytes, name, tool;
    };
    constexpr std::array kMagics{Magic{"\x1f\x8b\x08", "gzip", "gunzip"},
                                 Magic{"\xfd"
                                       "7zXZ",
                                       "xz", "unxz"},
                                 Magic{"\x28\xb5\x2f\xfd", "zstd", "unzstd"},
                                 Magic{"BZh", "bzip2", "bunzip2"}, Magic{"PK\x03\x04", "zip", "unzip"}};
    for (const Magic& one : kMagics)
        if (textOf(file).starts_with(one.bytes))
            return ForeignFile{"a file compressed with " + std::string(one.name),
                               "unpack it first: " + std::string(one.tool)};
    return std::nullopt;
}

bool isHex(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::vector<std::string_view> wordsOf(std::string_view line)
{
    std::vector<std::string_view> words;
    while (!(line = trimmedText(line)).empty() && words.size() < 8) {
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return words;
}

/// An offset, and bytes or words behind it: what xxd, hexdump and od print.
bool isDump(const std::vector<std::string_view>& words)
{
    if (words.size() < 3)
        return false;
    std::string_view offset = words[0];
    const bool colon = offset.ends_with(':');
    if (colon)
        offset.remove_suffix(1);
    const std::size_t most = colon ? 8 : 4; // without a colon eight digits are four bytes like the others
    return (offset.size() == 7 || offset.size() == 8) && isHex(offset) &&
           offset.find_first_not_of('0') == std::string_view::npos &&
           std::all_of(words.begin() + 1, words.begin() + 3,
                       [&](auto word) { return word.size() <= most && word.size() >= 2 && isHex(word); });
}

/// Some tools print words before it.
bool hasDump(std::string_view text)
{
    constexpr int kMostLines = 16;
    for (int i = 0; i < kMostLines && !text.empty(); ++i) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        if (isDump(wordsOf(text.substr(0, end))))
            return true;
        text.remove_prefix(end + 1);
    }
    return false;
}

/// "10 DIGEST ima-ng ...": a line of ascii_runtime_measurements; "0 DIGEST 08 [...]": one of
/// ascii_bios_measurements.
std::optional<ForeignFile> asciiList(const std::vector<std::string_view>& words)
{
    constexpr std::size_t kSha1Digits = 40;
    if (words.size() < 3 || words[0].size() > 2 || !isHex(words[0]) || words[1].size() < kSha1Digits ||
        !isHex(words[1]))
        return std::nullopt;
    if (words[2].starts_with("ima") || words[2].starts_with("evm"))
        return ForeignFile{"the IMA list as text (ascii_runtime_measurements)",
                           "hand over the list beside it, binary_runtime_measurements"};
    if (isHex(words[2]))
        return ForeignFile{"a boot's event log as text (ascii_bios_measurements)",
                           "hand over the log beside it, binary_bios_measurements"};
    return std::nullopt;
}

/// header.payload.signature, each base64url, of which the first two are JSON (RFC 7519, section 3).
bool isToken(std::string_view text)
{
    return text.starts_with("eyJ") && std::count(text.begin(), text.end(), '.') == 2 &&
           text.find_first_of(" \t\r\n{") == std::string_view::npos &&
           text.substr(text.find('.') + 1).starts_with("eyJ");
}

bool hasLabel(std::string_view text, std::string_view label)
{
    const std::size_t at = text.find("-----BEGIN ");
    return at != std::string_view::npos && text.substr(at, text.find('\n', at) - at).find(label) != text.npos;
}

std::optional<ForeignFile> pem(std::string_view text)
{
    if (hasLabel(text, "PRIVATE KEY"))
        return ForeignFile{"a private key, which should leave its owner's machine for nobody",
                           "hand over the evidence itself"};
    if (hasLabel(text, "PUBLIC KEY"))
        return ForeignFile{"a public key in PEM, which says nothing of where its private half is",
                           "the key's attributes are needed: hand over the TPM's public area "
                           "(TPM2B_PUBLIC, written with -f tss by tpm2_createak or tpm2_readpublic)"};
    return std::nullopt;
}

/// Recognises the output that tools print for people to read.
std::optional<ForeignFile> printed(std::string_view text)
{
    struct Print {
        std::string_view begin, within, what, instead;
    };
    constexpr const char* kReport = "hand over the report itself, the file of 1184 bytes";
    constexpr const char* kBinary =
        "hand over its bytes: write it with -outform bin (go-sev-guest, go-tdx-guest) or --format binarypb "
        "(go-tpm-tools)";
    constexpr std::array kPrints{
        Print{"---", "events:", "an event log as tpm2_eventlog prints it",
              "hand over the log itself, binary_bios_measurements"},
        Print{"version:", "events:", "an event log as tpm2_eventlog prints it",
              "hand over the log itself, binary_bios_measurements"},
        Print{"quoted:", "signature:", "what tpm2_quote prints, in which the signature has lost its form",
              "hand over the files that it writes with -m, -s and -o"},
        Print{"Attestation Report", "", "a report as snpguest displays it", kReport},
        Print{"{", "\"akPub\"", "go-tpm-tools' attestation as JSON", kBinary},
        Print{"{", "\"attestation_report\"", "a report of SEV-SNP taken apart into the fields of a document",
              kReport},
        Print{"report:", "measurement:", "a report of SEV-SNP in the text form of protocol buffers", kBinary},
        Print{"header:", "td_quote_body", "a quote in the text form of protocol buffers", kBinary},
        Print{"ak_pub:", "quotes", "go-tpm-tools' attestation in the text form of protocol buffers", kBinary},
        Print{"[", "\"imr\"", "a TD's event log as JSON, as dstack keeps it",
              "hand over the log itself, /sys/firmware/acpi/tables/data/CCEL"},
        Print{"{", "\"uefi_event_logs\"", "an event log taken apart into the fields of a document",
              "hand over the log itself, /sys/firmware/acpi/tables/data/CCEL"},
        Print{"<!DOCTYPE", "", "a web page", "look at what was downloaded"},
        Print{"<html", "", "a web page", "look at what was downloaded"}};
    for (const Print& one : kPrints)
        if (text.starts_with(one.begin) && text.find(one.within) != std::string_view::npos)
            return ForeignFile{std::string(one.what), std::string(one.instead)};
    return std::nullopt;
}

/// A report in fields is one only where it is an object: a text may be the report's bytes.
bool holdsReportBytes(std::string_view text)
{
    const std::size_t at = text.find("\"attestation_report\"");
    if (at == std::string_view::npos)
        return false;
    const std::size_t value =
        text.find_first_not_of(": \t\r\n", at + std::string_view("\"attestation_report\"").size());
    return value != std::string_view::npos && text[value] != '{';
}

/// attest messages of go-sev-guest: a report in field 1, whose first field is its version.
std::optional<ForeignFile> sevSnpMessage(ByteView file)
{
    constexpr std::size_t kFewest = 1100;
    if (file.size() < kFewest || file[0] != 0x0A || (file[1] & 0x80) == 0 || (file[2] & 0x80) != 0)
        return std::nullopt;
    const std::size_t length = (file[1] & 0x7Fu) | static_cast<std::size_t>(file[2]) << 7;
    if (length < kFewest || length + 3 > file.size() || file[3] != 0x08 || file[4] < 2 || file[4] > 9)
        return std::nullopt;
    return ForeignFile{"a report of SEV-SNP as a protocol buffer of go-sev-guest",
                       "hand over its bytes: write it with -outform bin"};
}

std::optional<ForeignFile> ofText(std::string_view text)
{
    if (isToken(text))
        return ForeignFile{"a token (JWT): the verdict of an attestation service, not the evidence that it "
                           "judged",
                           "hand over the report or quote that was sent to that service"};
    if (auto its = pem(text))
        return its;
    if (auto its = holdsReportBytes(text) ? std::nullopt : printed(text))
        return its;
    const bool isPython = text.starts_with("b'") || text.starts_with("b\"");
    if (isPython && text.find("\\x") != std::string_view::npos && !decodeText(viewOf(text)))
        return ForeignFile{"bytes as Python prints them", "write the bytes themselves to a file"};
    if (hasDump(text))
        return ForeignFile{"a dump in hexadecimal with offsets", "turn it back into bytes: xxd -r FILE"};
    return asciiList(wordsOf(text.substr(0, text.find('\n'))));
}

} // namespace

std::optional<ForeignFile> foreignFile(ByteView file)
{
    for (const auto look : {acpiTable, tdReport, azuresOtherReport, sgxQuote, archive, sevSnpMessage})
        if (auto its = look(file))
            return its;
    const auto text = plainText(file);
    return text ? ofText(trimmedText(*text)) : std::nullopt;
}

} // namespace teehost::kit
