// SPDX-License-Identifier: Apache-2.0
//
// A register that is expected, and what makes it.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <teehost/kit/digest.h>

namespace teehost::tdx {

/// What an RTMR is extended with, and the input that it came from; of MRTD, what was measured so far.
struct TdEvent {
    std::string what;   ///< "command line"
    std::string source; ///< path of a file, or how it was derived; may be empty
    kit::Sha384Digest digest{};
};
using TdEvents = std::vector<TdEvent>;

/// One value that a register may have.
struct Candidate {
    std::string when; ///< under which circumstance that is not known: "QEMU 10.2 or later"; may be empty
    kit::Sha384Digest value{};
    TdEvents events{};
};

/// Any of the candidates will do. Without one the register is not predicted, and `reason` says why.
struct RegisterPrediction {
    std::string name; ///< "RTMR0"
    std::vector<Candidate> candidates{};
    std::string reason{};

    static RegisterPrediction unknown(std::string name, std::string reason)
    {
        return {std::move(name), {}, std::move(reason)};
    }
    /// Of an RTMR that these events extend; a value that there is already is not added again.
    void add(std::string when, TdEvents events);
};

/// What events make of an RTMR, which begins with zeros.
[[nodiscard]] kit::Sha384Digest rtmrOf(const TdEvents& events);

/// Events that are the same wherever they occur.
[[nodiscard]] TdEvent textEvent(std::string_view text);
[[nodiscard]] TdEvent separatorEvent(std::string_view what);

} // namespace teehost::tdx
