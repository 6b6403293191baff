// SPDX-License-Identifier: Apache-2.0
//
// Words in which QEMU, KVM or a firmware says why a VM did not start, and what they mean. Plugins look for
// them in diagnose (tell_symptoms.h), the host for what concerns every VM:
//
//     constexpr Symptom kTable[] = {{"vm-type * not supported by KVM", 90, "KVM makes no such VMs.", "Load
//     kvm_amd."}}; for (const SymptomFound& found : findSymptoms(kTable, text))
//         tell(found.symptom->cause, found.line);
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace teehost::kit {

/// Is sure which cause the words have: a finding that nothing in the text contradicts.
constexpr std::uint32_t kOneReading = 95;
/// Says which step failed, and leaves open why: for lines that only follow from an earlier one.
constexpr std::uint32_t kOnlyFollows = 45;

struct Symptom {
    /// The words as they are printed, in any case. Parts with a "*" between them must follow each other in
    /// one line: "vm-type * not supported". At least one part is not empty.
    std::string_view words;
    std::uint32_t confidence; ///< 0 to 100: the more the words leave no other reading, the higher
    std::string_view cause;   ///< a sentence
    std::string_view remedy;  ///< a sentence
};

struct SymptomFound {
    const Symptom* symptom; ///< one of the table that was asked
    std::string_view line;  ///< of the text, without its end
    /// The symptom's, or kOnlyFollows at most where QEMU only warned: it went on after that line.
    std::uint32_t confidence;
};

/// Takes the next line off `text`, without its end; carriage returns before it are left out as well.
[[nodiscard]] std::string_view takeLine(std::string_view& text);

/// Tells whether `line` has the `words` of a Symptom. Letters of ASCII are the same in either case.
[[nodiscard]] bool hasWords(std::string_view line, std::string_view words);

/// The symptoms that `text` shows, each with the first line that shows it, in the order of the lines; those
/// of one line in the order of the table. Views into `text` and `symptoms`.
[[nodiscard]] std::vector<SymptomFound> findSymptoms(std::span<const Symptom> symptoms,
                                                     std::string_view text);

} // namespace teehost::kit
