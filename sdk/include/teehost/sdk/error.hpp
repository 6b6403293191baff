// SPDX-License-Identifier: Apache-2.0
//
// Failure inside a plugin: an exception here, a status and words at the border (bridge.hpp).
#pragma once

#include <stdexcept>
#include <string>

#include <teehost/plugin.h>

namespace teehost::sdk {

/// Why a call cannot do what it was asked. The message is a sentence with the subject and the value:
/// `cannot read firmware "/x": no such file`. Never a secret.
class Error : public std::runtime_error {
public:
    Error(th_status status, const std::string& message, std::string hint = {}, std::string field = {})
        : std::runtime_error(message), status_(status), hint_(std::move(hint)), field_(std::move(field))
    {
    }

    [[nodiscard]] th_status status() const noexcept { return status_; }
    /// What the operator can do about it; may be empty.
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
    /// Option key or request field to blame; may be empty.
    [[nodiscard]] const std::string& field() const noexcept { return field_; }

private:
    th_status status_;
    std::string hint_;
    std::string field_;
};

/// The host's sink has refused something and knows the words already: only the status travels.
class Refused : public Error {
public:
    explicit Refused(th_status status) : Error(status, "the host refused an answer of the plugin") {}
};

/// Throws Refused unless `status` is TH_OK.
inline void expectTaken(th_status status)
{
    if (status != TH_OK)
        throw Refused(status);
}

} // namespace teehost::sdk
