// SPDX-License-Identifier: Apache-2.0
#include <teehost/kit/symptom.h>

#include <algorithm>
#include <string>

namespace teehost::kit {
namespace {

std::string folded(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// `line` and `words` are folded.
bool hasFolded(std::string_view line, std::string_view words)
{
    std::size_t from = 0;
    while (true) {
        const std::size_t star = words.find('*');
        const std::string_view part = words.substr(0, star);
        from = line.find(part, from);
        if (from == std::string_view::npos)
            return false;
        if (star == std::string_view::npos)
            return true;
        from += part.size();
        words.remove_prefix(star + 1);
    }
}

std::uint32_t confidenceIn(std::string_view foldedLine, const Symptom& symptom)
{
    const bool warns = foldedLine.find("warning: ") != std::string_view::npos;
    return warns ? std::min(symptom.confidence, kOnlyFollows) : symptom.confidence;
}

} // namespace

std::string_view takeLine(std::string_view& text)
{
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    while (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

bool hasWords(std::string_view line, std::string_view words)
{
    return hasFolded(folded(line), folded(words));
}

std::vector<SymptomFound> findSymptoms(std::span<const Symptom> symptoms, std::string_view text)
{
    std::vector<std::string> words;
    words.reserve(symptoms.size());
    for (const Symptom& symptom : symptoms)
        words.push_back(folded(symptom.words));
    std::vector<SymptomFound> found;
    std::vector<bool> told(symptoms.size(), false);
    while (!text.empty()) {
        const std::string_view line = takeLine(text);
        const std::string inAnyCase = folded(line);
        for (std::size_t i = 0; i < symptoms.size(); ++i)
            if (!told[i] && hasFolded(inAnyCase, words[i])) {
                told[i] = true;
                found.push_back({&symptoms[i], line, confidenceIn(inAnyCase, symptoms[i])});
            }
    }
    return found;
}

} // namespace teehost::kit
