// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/evidence_file.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "teehost/kit/event_log.h"
#include "teehost/kit/input_error.h"
#include "teehost/kit/reader.h"
#include "teehost/kit/text_form.h"
#include "teehost/kit/x509.h"

namespace teehost::kit {
namespace {

using nlohmann::json;
using Role = FilePart::Role;

constexpr std::size_t kMostDepth = 8;         // of a document, and of documents in text in documents
constexpr std::size_t kMostParts = 16;        // a report, a log, and a chain of certificates each by itself
constexpr std::size_t kFewestArrayBytes = 64; // of an array of numbers that stands for bytes

[[noreturn]] void refuse(const std::string& what) { throw InputError("not_evidence", what); }

/// By the fixed fields at its beginning: version 2 to 9, of which plugins say up to which they know it, and
/// its one signature algorithm (AMD 56860, table
/// "ATTESTATION_REPORT"), bare or behind a header of 32 bytes (the guest driver's answer, Azure's HCLA).
bool looksLikeSnpReport(ByteView bytes)
{
    constexpr std::size_t kReport = 1184, kHeader = 32, kAlgorithmAt = 0x34;
    const auto reportAt = [&](std::size_t at) {
        if (bytes.size() < at + kReport)
            return false;
        const std::uint32_t version = Reader(bytes.subspan(at), "report").u32();
        return version >= 2 && version <= 9 && Reader(bytes.subspan(at + kAlgorithmAt), "report").u32() == 1;
    };
    if (bytes.size() < kReport)
        return false;
    return textOf(bytes).starts_with("HCLA") || reportAt(0) ||
           (Reader(bytes, "answer").u32() == 0 && reportAt(kHeader));
}

/// By its header (Intel DCAP, appendix A.3): version 4 or 5, ECDSA on P-256, of a TD.
bool looksLikeTdQuote(ByteView bytes)
{
    constexpr std::size_t kHeaderAndBody = 48 + 584;
    constexpr std::uint32_t kTdx = 0x81;
    if (bytes.size() < kHeaderAndBody)
        return false;
    Reader in(bytes, "quote");
    const std::uint16_t version = in.u16(), key = in.u16();
    return (version == 4 || version == 5) && key == 2 && in.u32() == kTdx;
}

/// The role of bytes that a document holds; nothing for those that are no evidence, like a nonce.
std::optional<Role> roleOf(ByteView bytes)
{
    if (looksLikeSnpReport(bytes) || looksLikeTdQuote(bytes) || textOf(bytes).starts_with("\xffTCG"))
        return Role::Evidence;
    if (looksLikeEventLog(bytes))
        return Role::EventLog;
    if (looksLikeX509(bytes))
        return Role::Endorsement;
    return std::nullopt;
}

/// Reads the text as JSON; the result is discarded() when it is none. A tree takes 80 times the bytes of a
/// text of brackets, so it is refused while it grows.
json parsed(std::string_view text)
{
    constexpr int kMostNested = 32;
    const auto shallow = [](int depth, json::parse_event_t event, json&) {
        const bool opens =
            event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
        if (opens && depth >= kMostNested)
            refuse("the document is nested more than " + std::to_string(kMostNested) + " levels deep");
        return true;
    };
    return json::parse(text, shallow, /*allow_exceptions=*/false);
}

/// Returns nullopt for an array that is no bytes.
std::optional<Bytes> bytesOf(const json& array)
{
    if (array.size() < kFewestArrayBytes)
        return std::nullopt;
    Bytes out;
    out.reserve(array.size());
    for (const json& one : array) {
        if (!one.is_number_unsigned() || one.get<std::uint64_t>() > UINT8_MAX)
            return std::nullopt;
        out.push_back(static_cast<std::uint8_t>(one.get<std::uint64_t>()));
    }
    return out;
}

/// Looks through a document for what roleOf knows, whatever the members are called: each cloud and tool has
/// names of its own, and changes them.
class Unpacker {
public:
    explicit Unpacker(bool endorsementsOnly) : endorsementsOnly_(endorsementsOnly) {}

    void document(const json& value, const std::string& where, std::size_t depth)
    {
        if (depth > kMostDepth)
            return;
        if (value.is_string())
            return text(value.get_ref<const std::string&>(), where, depth);
        if (value.is_object()) {
            for (const auto& [name, member] : value.items())
                document(member, where.empty() ? name : where + "." + name, depth + 1);
        } else if (value.is_array()) {
            if (auto bytes = bytesOf(value))
                return add(*std::move(bytes), where, "an array of numbers", depth);
            for (std::size_t i = 0; i < value.size(); ++i)
                document(value[i], where + "[" + std::to_string(i) + "]", depth + 1);
        }
    }

    std::vector<FilePart> parts;

private:
    void text(const std::string& value, const std::string& where, std::size_t depth)
    {
        if (auto decoded = decodeText(viewOf(value)))
            return add(std::move(decoded->data), where, std::move(decoded->how), depth);
        if (looksLikeX509(viewOf(value)))
            return add({value.begin(), value.end()}, where, "PEM", depth);
        inner(viewOf(value), where, depth);
    }

    /// Text in a member may be a document again.
    void inner(ByteView bytes, const std::string& where, std::size_t depth)
    {
        const std::string_view trimmed = trimmedText(textOf(bytes));
        if (!trimmed.starts_with('{') && !trimmed.starts_with('['))
            return;
        const json value = parsed(trimmed);
        if (!value.is_discarded())
            document(value, where, depth + 1);
    }

    void add(Bytes bytes, const std::string& where, std::string how, std::size_t depth)
    {
        const auto role = roleOf(bytes);
        if (!role)
            return inner(bytes, where, depth);
        const bool wanted = !endorsementsOnly_ || *role == Role::Endorsement;
        const bool known =
            std::any_of(parts.begin(), parts.end(), [&](const FilePart& one) { return one.data == bytes; });
        if (!wanted || known)
            return;
        if (parts.size() == kMostParts)
            refuse("the document holds more than " + std::to_string(kMostParts) +
                   " reports, logs and certificates; hand over what is to be verified in files of its own");
        parts.push_back({*role, std::move(bytes), where, std::move(how)});
    }

    bool endorsementsOnly_;
};

bool isTpmQuote(const FilePart& part) { return textOf(part.data).starts_with("\xffTCG"); }

/// Leaves out of a document what goes with a TEE's report or quote and is no evidence by itself: a TDREPORT
/// beside the quote made of it, and the quote of a TPM, whose signature such documents hold without its form.
void keepTheTees(std::vector<FilePart>& parts)
{
    const auto isTees = [](const FilePart& part) {
        return part.role == Role::Evidence && !isTpmQuote(part) && !foreignFile(part.data);
    };
    const auto tees = std::find_if(parts.begin(), parts.end(), isTees);
    if (tees == parts.end())
        return;
    std::string left;
    for (const FilePart& part : parts)
        if (part.role == Role::Evidence && !isTees(part))
            left += (left.empty() ? "" : ", ") + shownText(part.where);
    if (!left.empty())
        tees->how += " (" + left + " is not looked at)";
    std::erase_if(parts, [&](const FilePart& part) { return part.role == Role::Evidence && !isTees(part); });
}

/// Throws for several subjects; the sentence that names a foreign file is better than "several".
void expectOneSubject(std::vector<FilePart>& parts)
{
    keepTheTees(parts);
    for (const FilePart& part : parts)
        if (const auto foreign = part.role == Role::Evidence ? foreignFile(part.data) : std::nullopt)
            refuse(shownText(part.where) + " of this document is " + foreign->what + "; " + foreign->instead);
    std::string all;
    std::size_t count = 0;
    for (const FilePart& part : parts)
        if (part.role == Role::Evidence) {
            all += (count++ == 0 ? "" : ", ") + shownText(part.where);
        }
    if (count > 1)
        refuse("the document holds " + std::to_string(count) +
               " reports or quotes, and one is verified at a time: " + all +
               "; hand over the one that is meant, in a file of its own");
}

/// Text in lines of a name and a value, "Quote: BAAC...", as tools print them for people; nothing when a line
/// is another.
std::optional<json> labelledLines(ByteView file)
{
    constexpr std::size_t kMostLines = 64, kMostName = 40;
    const auto plain = plainText(file);
    if (!plain)
        return std::nullopt;
    json out = json::object();
    for (std::string_view text = trimmedText(*plain); !text.empty();) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmedText(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty())
            continue;
        const std::size_t mark = line.find_first_of(":=");
        if (mark == 0 || mark > kMostName || out.size() == kMostLines)
            return std::nullopt;
        out[std::string(trimmedText(line.substr(0, mark)))] = std::string(trimmedText(line.substr(mark + 1)));
    }
    return out;
}

/// A document that is JSON, or nothing. Only objects and arrays are documents.
std::optional<json> documentIn(ByteView file)
{
    auto text = plainText(file);
    if (!text) // other characters than ASCII are the parser's to judge
        text = std::string(textOf(file));
    const std::string_view trimmed = trimmedText(*text);
    if (!trimmed.starts_with('{') && !trimmed.starts_with('['))
        return std::nullopt;
    json value = parsed(trimmed);
    return value.is_discarded() ? std::nullopt : std::optional(std::move(value));
}

/// Intel's documents as dcap-qvl and other tools keep a whole set: the text that was signed and its signature
/// apart. They are put together again as Intel's service writes them.
void addSignedDocuments(const json& document, std::vector<FilePart>& out)
{
    struct Pair {
        const char *name, *signature, *key;
    };
    constexpr std::array kPairs{Pair{"tcb_info", "tcb_info_signature", "tcbInfo"},
                                Pair{"qe_identity", "qe_identity_signature", "enclaveIdentity"}};
    for (const Pair& one : kPairs) {
        const auto text = document.find(one.name), signature = document.find(one.signature);
        if (text == document.end() || signature == document.end() || !text->is_string())
            continue;
        const auto bytes = signature->is_array() ? bytesOf(*signature) : std::nullopt;
        if (!bytes && !signature->is_string())
            continue;
        const std::string hex = bytes ? toHex(*bytes) : signature->get<std::string>();
        const std::string whole = std::string("{\"") + one.key + "\":" + text->get<std::string>() +
                                  ",\"signature\":\"" + hex + "\"}";
        out.push_back({Role::Endorsement, {whole.begin(), whole.end()}, one.name, "text with its signature"});
    }
}

/// Reads `bytes`, which `how` has brought about, as what they are by themselves.
std::vector<FilePart> partsOf(ByteView file, std::size_t depth, const std::string& how)
{
    if (depth > kMostDepth)
        refuse("the file is text in text, more than " + std::to_string(kMostDepth) + " times");
    const std::string so = how.empty() ? "" : how + ", then ";
    if (const auto foreign = foreignFile(file))
        refuse("this is " + foreign->what + "; " + foreign->instead);
    if (const auto document = documentIn(file)) {
        Unpacker unpacker(/*endorsementsOnly=*/false);
        unpacker.document(*document, "", 0);
        expectOneSubject(unpacker.parts);
        for (FilePart& part : unpacker.parts)
            part.how = so + "JSON, " + part.how;
        if (!unpacker.parts.empty())
            return std::move(unpacker.parts);
    }
    if (const auto decoded = decodeText(file))
        return partsOf(decoded->data, depth + 1, so + decoded->how);
    if (const auto lines = labelledLines(file)) {
        Unpacker unpacker(/*endorsementsOnly=*/false);
        unpacker.document(*lines, "", 0);
        expectOneSubject(unpacker.parts);
        for (FilePart& part : unpacker.parts)
            part.how = so + "lines of names and values, " + part.how;
        if (!unpacker.parts.empty())
            return std::move(unpacker.parts);
    }
    return {{Role::Evidence, {file.begin(), file.end()}, "", how}};
}

} // namespace

std::vector<FilePart> partsOfEvidence(ByteView file) { return partsOf(file, 0, ""); }

std::vector<FilePart> partsOfEventLog(ByteView file)
{
    auto out = partsOf(file, 0, "");
    const auto isLog = [](const FilePart& part) { return part.role == Role::EventLog; };
    if (std::any_of(out.begin(), out.end(), isLog))
        std::erase_if(out, [&](const FilePart& part) { return !isLog(part); });
    return out;
}

std::vector<FilePart> partsOfCollateral(ByteView file)
{
    if (const auto document = documentIn(file)) {
        const bool isSigned =
            document->is_object() && (document->contains("tcbInfo") || document->contains("enclaveIdentity"));
        Unpacker unpacker(/*endorsementsOnly=*/true);
        if (!isSigned) {
            unpacker.document(*document, "", 0);
            if (document->is_object())
                addSignedDocuments(*document, unpacker.parts);
        }
        for (FilePart& part : unpacker.parts)
            part.how = "JSON, " + part.how;
        if (!unpacker.parts.empty())
            return std::move(unpacker.parts);
    }
    if (auto decoded = decodeText(file)) {
        auto out = partsOfCollateral(decoded->data);
        for (FilePart& part : out)
            part.how = decoded->how + (part.how.empty() ? "" : ", then " + part.how);
        return out;
    }
    return {{Role::Endorsement, {file.begin(), file.end()}, "", ""}};
}

} // namespace teehost::kit
