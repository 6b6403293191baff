// SPDX-License-Identifier: Apache-2.0
//
// Answers a plugin's diagnose from a table of symptoms.
#pragma once

#include <span>
#include <string_view>

#include <teehost/kit/symptom.h>
#include <teehost/plugin.hpp>

namespace teehost::kit {

/// Tells a finding for each symptom whose words are in what QEMU printed or what QMP answered; the first line
/// that has them is the evidence.
inline void tellSymptoms(std::span<const Symptom> symptoms, const sdk::Failure& failure, sdk::Findings out)
{
    for (const std::string_view text : {failure.stderrTail, failure.qmpError})
        for (const SymptomFound& found : findSymptoms(symptoms, text))
            out.add(found.confidence, found.symptom->cause, found.symptom->remedy, found.line);
}

} // namespace teehost::kit
