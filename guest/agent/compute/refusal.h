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
        State,          ///< not now
        Authentication, ///< not you
        Input,          ///< not this
        Room            ///< not so much
    };
    Refusal(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    [[nodiscard]] Kind kind() const noexcept { return kind_; }

private:
    Kind kind_;
};

} // namespace teehost::guest
