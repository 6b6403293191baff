// SPDX-License-Identifier: Apache-2.0
//
// What verify --reference reads: it is refused, or it is a measurement that survives being written by measure
// and read again.
#include "cli/attest/measurement_file.h"

#include "cli/failure.h"
#include "tests/fuzz/property.h"

namespace {

using namespace teehost;

std::optional<plugin::Measurement> read(std::string_view text)
{
    try {
        return cli::readMeasurement(text, "paper", "--reference");
    } catch (const cli::UsageFailure&) {
        return std::nullopt;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto measurement = read(fuzz::asText(data, size));
    if (!measurement)
        return 0;
    fuzz::require(!measurement->registers.empty() || !measurement->values.empty(),
                  "what is expected is not nothing");
    for (const auto& reg : measurement->registers)
        fuzz::require(reg.digest.size() == plugin::digestSize(reg.alg) && !reg.name.empty(),
                      "a register has a name and a whole digest");
    const std::vector<cli::Measured> measured{{"paper", *measurement}};
    const auto written =
        cli::measurementsJson(measured, {}).dump(-1, ' ', true, cli::Json::error_handler_t::replace);
    const auto again = read(written);
    fuzz::require(again && *again == *measurement, "a measurement survives being written and read again");
    return 0;
}
