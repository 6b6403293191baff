// SPDX-License-Identifier: Apache-2.0
//
// Words in which QEMU, KVM or a firmware says why a VM did not start, and what they mean: what a plugin's
// diagnose looks for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <teehost/plugin.hpp>

namespace teehost::kit {

struct Symptom {
    std::string_view words;   ///< what to look for
    std::string_view also;    ///< must be in the same line; empty: nothing
    std::uint32_t confidence; ///< 0 to 100: the more the words leave no other reading, the higher
    std::string_view cause;
    std::string_view remedy;
};

/// The line of `text` that `at` is in.
[[nodiscard]] inline std::string_view lineAround(std::string_view text, std::size_t at)
{
    const std::size_t before = text.rfind('\n', at);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    return text.substr(begin, text.find('\n', at) - begin);
}

/// Tells a finding for each symptom whose words are in what QEMU printed or what QMP answered; the line is
/// the evidence.
inline void tellSymptoms(std::span<const Symptom> symptoms, const sdk::Failure& failure, sdk::Findings out)
{
    for (const std::string_view text : {failure.stderrTail, failure.qmpError})
        for (const Symptom& symptom : symptoms) {
            std::size_t at = text.find(symptom.words);
            while (at != std::string_view::npos &&
                   lineAround(text, at).find(symptom.also) == std::string_view::npos)
                at = text.find(symptom.words, at + 1);
            if (at != std::string_view::npos)
                out.add(symptom.confidence, symptom.cause, symptom.remedy, lineAround(text, at));
        }
}

} // namespace teehost::kit
