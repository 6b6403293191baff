// SPDX-License-Identifier: Apache-2.0
//
// PCR values as tpm2-tools writes them beside its JSON-like tables: the memory image that tpm2_quote -o makes
// by default ("serialized"), the text that tpm2_pcrread and tpm2_quote print, and bare values (-F values).
#include <charconv>

#include <teehost/kit/input_error.h>
#include <teehost/kit/reader.h>
#include <teehost/kit/text_form.h>

#include "evidence/evidence.h"
#include "quote/attest.h"

namespace teehost::vtpm {
namespace {

constexpr std::string_view kReason = "malformed";
constexpr std::string_view kWhat = "PCR values of tpm2-tools";

// Sizes of structures as a C compiler for x86 and ARM lays them out (tss2_tpm2_types.h), little endian.
constexpr std::size_t kMostSelections = 16, kSelectBytes = 4;
constexpr std::size_t kSelectionList = 4 + kMostSelections * 8; // TPML_PCR_SELECTION
constexpr std::size_t kDigestsInList = 8, kDigestRoom = 64;
constexpr std::size_t kDigestList = 4 + kDigestsInList * (2 + kDigestRoom); // TPML_DIGEST

struct Selected {
    HashAlgorithm bank;
    std::uint32_t pcr;
};

[[noreturn]] void refuse(const std::string& what)
{
    throw kit::InputError(kReason, std::string(kWhat) + ": " + what);
}

HashAlgorithm bankOf(std::uint16_t id)
{
    const auto bank = hashOf(id);
    if (!bank)
        refuse("the bank " + algorithmName(id) + " is not one that is compared");
    return *bank;
}

std::vector<Selected> readSelections(kit::Reader in)
{
    std::vector<Selected> out;
    const std::uint32_t count = in.u32();
    if (count > kMostSelections)
        in.fail(std::to_string(count) + " banks");
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint16_t id = in.u16();
        const std::uint8_t size = in.u8();
        const kit::ByteView bits = in.bytes(kSelectBytes);
        in.skip(1); // up to an even address
        if (size > kSelectBytes)
            in.fail("a selection of " + std::to_string(size) + " bytes");
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
            if (pcr / 8 < size && (bits[pcr / 8] >> pcr % 8 & 1) != 0)
                out.push_back({bankOf(id), pcr});
    }
    return out;
}

/// The digests of all lists, one behind the other.
std::vector<kit::ByteView> readDigests(kit::Reader& in, std::uint32_t lists)
{
    std::vector<kit::ByteView> out;
    for (std::uint32_t i = 0; i < lists; ++i) {
        const std::uint32_t count = in.u32();
        if (count > kDigestsInList)
            in.fail(std::to_string(count) + " digests in a list");
        for (std::uint32_t d = 0; d < kDigestsInList; ++d) {
            const std::uint16_t size = in.u16();
            const kit::ByteView room = in.bytes(kDigestRoom);
            if (d < count && size > kDigestRoom)
                in.fail("a digest of " + std::to_string(size) + " bytes");
            if (d < count)
                out.push_back(room.first(size));
        }
    }
    return out;
}

std::vector<PcrValue> paired(const std::vector<Selected>& selected, const std::vector<kit::ByteView>& digests)
{
    if (selected.size() != digests.size())
        refuse(std::to_string(selected.size()) + " PCRs are selected, and there are " +
               std::to_string(digests.size()) + " values");
    std::vector<PcrValue> out;
    for (std::size_t i = 0; i < selected.size(); ++i) {
        if (digests[i].size() != kit::sizeOf(selected[i].bank))
            refuse("PCR " + std::to_string(selected[i].pcr) + " of " +
                   std::string(kit::nameOf(selected[i].bank)) + " has a value of " +
                   std::to_string(digests[i].size()) + " bytes");
        out.push_back({selected[i].bank, selected[i].pcr, kit::AnyDigest(digests[i])});
    }
    return out;
}

bool isSerialized(kit::ByteView bytes)
{
    return bytes.size() > kSelectionList + 4 && (bytes.size() - kSelectionList - 4) % kDigestList == 0 &&
           kit::Reader(bytes.subspan(kSelectionList), kWhat).u32() ==
               (bytes.size() - kSelectionList - 4) / kDigestList;
}

std::vector<PcrValue> readSerialized(kit::ByteView bytes)
{
    return kit::withReason(kReason, [&] {
        kit::Reader in(bytes, kWhat);
        const auto selected = readSelections(in.part(kSelectionList));
        const auto digests = readDigests(in, in.u32());
        in.expectDone();
        return paired(selected, digests);
    });
}

/// "0 : 0x1234" within "sha256:", as tpm2_pcrread prints; other lines are passed over.
std::vector<PcrValue> readPrinted(std::string_view text)
{
    std::vector<PcrValue> out;
    std::optional<HashAlgorithm> bank;
    while (!text.empty()) {
        const std::size_t end_of_line = std::min(text.find('\n'), text.size() - 1);
        const std::string_view line = kit::trimmedText(text.substr(0, end_of_line + 1));
        text.remove_prefix(end_of_line + 1);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        const std::string_view key = kit::trimmedText(line.substr(0, colon));
        std::string_view value = kit::trimmedText(line.substr(colon + 1));
        if (value.empty()) {
            bank = bankNamed(key);
            continue;
        }
        std::uint32_t pcr = 0;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), pcr);
        if (!bank || error != std::errc() || end != key.data() + key.size() || pcr >= kPcrs)
            continue;
        if (value.starts_with("0x") || value.starts_with("0X"))
            value.remove_prefix(2);
        const auto bytes = kit::fromHex(value);
        if (!bytes || bytes->size() != kit::sizeOf(*bank))
            refuse("PCR " + std::to_string(pcr) + " has a value that is no digest of its bank");
        out.push_back({*bank, pcr, kit::AnyDigest(*bytes)});
    }
    return out;
}

} // namespace

std::vector<PcrValue> readPcrs(kit::ByteView bytes)
{
    if (kit::textOf(bytes).starts_with('{'))
        return readPcrTable(kit::textOf(bytes));
    if (isSerialized(bytes))
        return readSerialized(bytes);
    auto text = kit::plainText(bytes);
    auto out = text ? readPrinted(*text) : std::vector<PcrValue>();
    if (out.empty())
        refuse("these are none");
    return out;
}

std::optional<std::vector<PcrValue>> readBareValues(kit::ByteView bytes, kit::ByteView attest)
{
    try {
        std::vector<Selected> selected;
        std::vector<kit::ByteView> digests;
        kit::Reader in(bytes, kWhat);
        for (const PcrSelection& selection : Attest::parse(attest).selections)
            for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
                if ((selection.bits >> pcr & 1) != 0) {
                    selected.push_back({bankOf(selection.algId), pcr});
                    digests.push_back(in.bytes(kit::sizeOf(selected.back().bank)));
                }
        in.expectDone();
        return paired(selected, digests);
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

} // namespace teehost::vtpm
