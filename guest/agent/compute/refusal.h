// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace teehost::guest {

/// Something that a client or the computation-management service asked for and does not get. The message is
/// for them.
class Refusal : public std::runtime_error {
public:
    enum class Kind {
        State,          ///< the agent does not do it now
        Authentication, ///< this client may not ask for it
        Input,          ///< the thing given is not acceptable
        Room            ///< the thing given is too large, or there is no room for it
    };
    Refusal(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    [[nodiscard]] Kind kind() const noexcept { return kind_; }

private:
    Kind kind_;
};

} // namespace teehost::guest
