// SPDX-License-Identifier: Apache-2.0
#include "tdx/diagnose.h"

#include <teehost/kit/tell_symptoms.h>

#include "tdx/symptoms/symptoms.h"
#include "tdx/tdx.h"

namespace teehost::tdx {

void diagnoseLaunch(const sdk::Failure& failure, sdk::Findings out)
{
    for (const auto symptoms : {qemuSymptoms(), firmwareSymptoms(), kernelSymptoms()})
        kit::tellSymptoms(symptoms, failure, out);
}

void Tdx::diagnose(sdk::Call, const sdk::Failure& failure, sdk::Findings out)
{
    diagnoseLaunch(failure, out);
}

} // namespace teehost::tdx
