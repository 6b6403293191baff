// SPDX-License-Identifier: Apache-2.0
//
// TCB info: the bytes that are signed are those of the document, and whoever is rated by it reaches the level
// in every component. Input: the inner document; the same bytes are read as one with its signature.
#include <algorithm>

#include <teehost/kit/json.h>
#include <teehost/kit/json_view.h>

#include "tdx/quote/signed_json.h"
#include "tdx/quote/tcb_evaluation.h"
#include "tests/fuzz/refusal.h"

namespace {

using namespace teehost;
using namespace teehost::tdx;

void findsWhatIsSigned(std::string_view text)
{
    const auto document = fuzz::unlessInputError([&] { return SignedJson::read(text); });
    if (!document)
        return;
    const std::string_view signedPart = document->signedPart();
    fuzz::require(signedPart.starts_with('{') && signedPart.ends_with('}'), "an object is signed");
    fuzz::require(text.find(signedPart) != std::string_view::npos, "which lies in the text");
    const bool isTcbInfo = document->kind() == SignedJson::Kind::TcbInfo;
    std::size_t members = 0;
    try {
        const kit::Json whole = kit::parseJson(text, "the document");
        const kit::Json& inner = whole.at(isTcbInfo ? "tcbInfo" : "enclaveIdentity");
        fuzz::require(kit::parseJson(signedPart, "the part") == inner, "and is what a parser finds there");
        members = inner.size();
    } catch (const kit::ParseError&) {
        return; // the scanner finds ends; that all is JSON is seen when the signed part is read
    }
    const auto view = kit::JsonDocument::parse(signedPart, "the part"); // an exception here is a fault
    fuzz::require(view.root().size() == members, "and finds as many members");
}

/// Both readers take the same texts, but for bytes behind a NUL, at which one of them does not look.
void isReadAlike(std::string_view text)
{
    const auto takes = [&](auto&& read) {
        try {
            static_cast<void>(read());
            return true;
        } catch (const kit::ParseError&) {
            return false;
        }
    };
    if (text.find('\0') == std::string_view::npos && !text.starts_with("\xef\xbb\xbf"))
        fuzz::require(takes([&] { return kit::parseJson(text, "it"); }) ==
                          takes([&] { return kit::JsonDocument::parse(text, "it"); }),
                      "both readers of JSON take the same texts");
}

void ratesWholly(const TcbInfo& info, const PckExtension& pck, const Svns& tee)
{
    const Rated rated = ratePlatform(info, pck, tee);
    fuzz::require((rated.rating != nullptr) != rated.fault.has_value(),
                  "a platform is rated, or told why not");
    if (rated.fault)
        return fuzz::requirePrintable(rated.fault->message, "why can be shown");
    const auto level = std::find_if(info.levels.begin(), info.levels.end(),
                                    [&](const auto& one) { return &one.rating == rated.rating; });
    fuzz::require(level != info.levels.end(), "by one of the levels");
    for (std::size_t i = 0; i < tee.size(); ++i)
        fuzz::require(pck.components[i] >= level->sgx[i] && pck.pceSvn >= level->pceSvn &&
                          ((tee[1] > 0 && i < 2) || tee[i] >= level->tdx[i]),
                      "which it reaches in every component");
}

void canBeRatedBy(std::string_view json)
{
    const auto info = fuzz::unlessInputError([&] { return TcbInfo::parse(json); });
    if (!info)
        return;
    PckExtension best;
    best.components.fill(0xff);
    best.pceSvn = 0xffff;
    Svns tee;
    tee.fill(0xff);
    ratesWholly(*info, best, tee);
    fuzz::require(info->levels.empty() || ratePlatform(*info, best, tee).rating == &info->levels[0].rating,
                  "the best platform has the best level");
    const PckExtension middle{{}, {5, 5, 2, 2, 4, 1, 0, 5}, 13, {}, {}, {}};
    for (const Svns& svns : {Svns{6, 1, 6}, Svns{5, 0, 6}, Svns{}, Svns{3, 3}}) {
        ratesWholly(*info, middle, svns);
        const Rated module = rateModule(*info, svns);
        fuzz::require(svns[1] == 0 ? module.rating == nullptr && !module.fault
                                   : (module.rating != nullptr) != module.fault.has_value(),
                      "a module with a version is rated, or told why not");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    findsWhatIsSigned(fuzz::asText(data, size));
    isReadAlike(fuzz::asText(data, size));
    canBeRatedBy(fuzz::asText(data, size));
    return 0;
}
