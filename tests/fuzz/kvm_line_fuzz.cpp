// SPDX-License-Identifier: Apache-2.0
//
// The line of the KVM probe's child, which runs a guest and may print anything: it is refused, or it is a
// result that says the same when it is written and read again.
#include "host/doctor/kvm_probe.h"

#include <nlohmann/json.hpp>

#include "host/base/json.h"
#include "tests/fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace teehost;
    const auto line = fuzz::asText(data, size);
    const auto result = fuzz::unlessMalformed([&] { return doctor::fromLine(line); });
    if (!result)
        return 0;
    fuzz::require(result->verdict >= doctor::KvmVerdict::Works &&
                      result->verdict <= doctor::KvmVerdict::Broken,
                  "a verdict is one of ours");
    fuzz::require(parseUntrustedJson(trim(line)).at("verdict") == static_cast<int>(result->verdict),
                  "the verdict is the number that was printed");
    const auto again = doctor::fromLine(doctor::toLine(*result));
    fuzz::require(again.verdict == result->verdict && again.message == result->message &&
                      again.remedy == result->remedy && again.nsPerIteration == result->nsPerIteration &&
                      again.nsPerExit == result->nsPerExit,
                  "a result survives being written and read again");
    return 0;
}
