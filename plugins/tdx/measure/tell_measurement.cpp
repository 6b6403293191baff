// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/tell_measurement.h"

#include <teehost/kit/bytes.h>

#include "tdx/measure/reference_values.h"

namespace teehost::tdx {
namespace {

constexpr th_alg kAlg = TH_ALG_SHA384;
constexpr std::size_t kMostEvents = 4000; // of the contract's 4096: an image may have many sections

class Teller {
public:
    explicit Teller(sdk::Reference out) : out_(out) {}

    void tell(const RegisterPrediction& reg)
    {
        for (const Candidate& candidate : reg.candidates)
            out_.reg(reg.name, kAlg, candidate.value);
        for (const Candidate& candidate : reg.candidates)
            for (const TdEvent& event : candidate.events)
                tell(reg.name, candidate.when, event);
        // Said, so that nobody takes a register that is left out for one that is as expected.
        if (reg.candidates.empty())
            out_.value(std::string(reference::kUnpredictable) + kit::lowered(reg.name), reg.reason);
    }

    void tell(const std::string& reg, const std::string& when, const TdEvent& event)
    {
        if (++events_ > kMostEvents)
            return;
        const std::string what = when.empty() ? event.what : event.what + " (if " + when + ")";
        out_.event(reg, kAlg, what, event.source, event.digest);
    }

private:
    sdk::Reference out_;
    std::size_t events_ = 0;
};

void tellUnexamined(const char* name, const std::string& why, sdk::Reference out)
{
    if (!why.empty())
        out.value(std::string(reference::kUnexamined) + name, why);
}

} // namespace

void tell(const TdMeasurement& measurement, sdk::Reference out)
{
    Teller teller(out);
    for (const RegisterPrediction& reg : measurement.registers)
        teller.tell(reg);
    for (const TdEvent& event : measurement.commentary)
        teller.tell("MRTD", "", event);
    out.value("tdx.firmware", measurement.firmware);
    if (!measurement.profile.empty())
        out.value("tdx.firmware_profile", measurement.profile);
    tellUnexamined("rtmr1", measurement.unexaminedRtmr1, out);
    tellUnexamined("rtmr2", measurement.unexaminedRtmr2, out);
    if (!measurement.firmwareNote.empty())
        out.value("tdx.firmware_note", measurement.firmwareNote);
    if (measurement.notPortable)
        out.value("tdx.not_portable", *measurement.notPortable);
    if (measurement.qemuRefuses)
        out.value("tdx.qemu_refuses", *measurement.qemuRefuses);
    if (measurement.acpi)
        out.value(reference::kAcpi, nameOf(*measurement.acpi));
}

} // namespace teehost::tdx
