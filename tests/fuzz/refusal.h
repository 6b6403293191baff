// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include <teehost/kit/input_error.h>

#include "tests/fuzz/property.h"

namespace teehost::fuzz {

/// What `body` returns, or nothing when it refused the input with a reason. An exception of any other type is
/// a finding.
template <class Body>
auto unlessInputError(Body&& body) -> std::optional<decltype(body())>
{
    try {
        return std::forward<Body>(body)();
    } catch (const kit::InputError& error) {
        require(!error.reason().empty(), "a refusal has a reason");
        requirePrintable(error.what(), "a refusal can be shown");
        return std::nullopt;
    }
}

} // namespace teehost::fuzz
