// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "teehost/kit/reader.h"

namespace teehost::kit {

/// An image, report, quote or log that is not what it should be. `reason` is a stable word for programs
/// ("bad_sev_metadata"), the message a sentence for people, with the offset in the input where there is one.
class InputError : public std::runtime_error {
public:
    /// `reason` must be a string literal.
    InputError(std::string_view reason, const std::string& message)
        : std::runtime_error(message), reason_(reason)
    {
    }
    InputError(std::string_view reason, const std::string& message, std::size_t offset)
        : InputError(reason, message + " (at offset " + hexNumber(offset) + ")")
    {
    }

    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

private:
    std::string_view reason_;
};

/// Runs `read` and gives what it finds too short or malformed the reason.
template <class Read>
auto withReason(std::string_view reason, Read&& read)
{
    try {
        return read();
    } catch (const ParseError& e) {
        throw InputError(reason, e.what());
    }
}

} // namespace teehost::kit
