// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/rtmr_predictions.h"

namespace teehost::tdx {
namespace {

using kit::LoadOptionsForm;

TdEvents eventsOf(const TdInputs& inputs, const std::optional<kit::Sha384Digest>& initrd,
                  LoadOptionsForm form)
{
    TdEvents out;
    const kit::Bytes options = kit::loadOptions(inputs.cmdline, initrd.has_value(), form);
    if (!options.empty())
        out.push_back({"command line (load options)", inputs.cmdline, kit::sha384(options)});
    if (initrd)
        out.push_back({"initrd", inputs.initrd, *initrd});
    return out;
}

} // namespace

RegisterPrediction predictRtmr2(const TdInputs& inputs, const std::optional<kit::Sha384Digest>& initrd,
                                const FirmwareProfile* profile)
{
    if (const auto reason = kit::notPlainCmdline(inputs.cmdline))
        return RegisterPrediction::unknown("RTMR2", *reason);
    RegisterPrediction out{"RTMR2"};
    if (profile != nullptr) {
        out.add("", eventsOf(inputs, initrd, profile->loadOptions));
        return out;
    }
    // Without an initrd both are the same.
    out.add(initrd ? "the firmware appends initrd=initrd" : "",
            eventsOf(inputs, initrd, LoadOptionsForm::InitrdLast));
    out.add("the firmware prepends initrd=initrd", eventsOf(inputs, initrd, LoadOptionsForm::InitrdFirst));
    return out;
}

} // namespace teehost::tdx
