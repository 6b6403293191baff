// SPDX-License-Identifier: Apache-2.0
#include "diagnose.h"

#include <teehost/kit/tell_symptoms.h>

#include "sev_snp.h"
#include "symptoms/symptoms.h"

namespace teehost::sev_snp {

void diagnoseLaunch(const sdk::Failure& failure, sdk::Findings out)
{
    kit::tellSymptoms(qemuSymptoms(), failure, out);
    kit::tellSymptoms(kernelSymptoms(), failure, out);
    for (std::string_view text : {failure.stderrTail, failure.qmpError})
        while (!text.empty()) {
            const std::string_view line = kit::takeLine(text);
            if (!tellFirmwareError(line, out))
                tellRefusedCall(line, out);
        }
}

void SevSnp::diagnose(sdk::Call, const sdk::Failure& failure, sdk::Findings out)
{
    diagnoseLaunch(failure, out);
}

} // namespace teehost::sev_snp
