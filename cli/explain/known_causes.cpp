// SPDX-License-Identifier: Apache-2.0
#include "cli/explain/known_causes.h"

#include <algorithm>
#include <unordered_map>

#include "host/base/text.h"

namespace teehost::cli {
namespace {

/// A plugin is given the end of a text at most (plugin.h, th_failure); asked in pieces of this size, it reads
/// all of it.
constexpr std::size_t kPieceBytes = 60u << 10;

struct Piece {
    std::string text;
    std::unordered_map<std::string, std::size_t>
        numbers; ///< of each line, as it is quoted; the first of equal ones
};

std::vector<Piece> pieces(const std::vector<LogLine>& lines)
{
    std::vector<Piece> out;
    for (const LogLine& line : lines) {
        if (out.empty() || out.back().text.size() + line.text.size() > kPieceBytes)
            out.emplace_back();
        out.back().text += line.text + '\n';
        out.back().numbers.emplace(printable(line.text), line.number);
    }
    return out;
}

/// Tells whether two findings are read from the same line; a finding that quotes no line of the text (number
/// 0) shares it with none.
bool sameLine(std::size_t one, std::size_t other) { return one == other && one != 0; }

/// Adds a finding, or its remedy to the same cause that another has read from the same line.
void add(std::vector<KnownCause>& causes, const std::string& from, const plugin::Finding& finding,
         std::size_t lineNumber)
{
    for (KnownCause& known : causes) {
        if (known.cause != finding.cause)
            continue;
        if (sameLine(known.lineNumber, lineNumber) && known.remedies.front().text != finding.remedy)
            known.remedies.push_back({from, finding.remedy});
        known.confidence = std::max(known.confidence, finding.confidence);
        return; // a later line tells nothing new
    }
    causes.push_back({finding.confidence,
                      finding.cause,
                      printable(trim(finding.quote)),
                      lineNumber,
                      {{from, finding.remedy}}});
}

void dropWeakerReadings(std::vector<KnownCause>& causes)
{
    std::unordered_map<std::size_t, unsigned> surest;
    for (const KnownCause& known : causes)
        surest[known.lineNumber] = std::max(surest[known.lineNumber], known.confidence);
    std::erase_if(causes, [&](const KnownCause& known) {
        return known.lineNumber != 0 && known.confidence < surest[known.lineNumber];
    });
}

} // namespace

std::vector<KnownCause> knownCauses(const std::vector<LogLine>& lines, const std::vector<KnowsWords>& knowers)
{
    std::vector<KnownCause> causes;
    for (const Piece& piece : pieces(lines))
        for (const KnowsWords& knower : knowers)
            for (const plugin::Finding& finding : knower.ask(piece.text)) {
                const auto number = piece.numbers.find(printable(trim(finding.quote)));
                add(causes, knower.name, finding, number == piece.numbers.end() ? 0 : number->second);
            }
    dropWeakerReadings(causes);
    std::stable_sort(causes.begin(), causes.end(), [](const KnownCause& a, const KnownCause& b) {
        return a.confidence != b.confidence ? a.confidence > b.confidence : a.lineNumber < b.lineNumber;
    });
    return causes;
}

} // namespace teehost::cli
