// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include <teehost/kit/operator_error.h>

namespace teehost::tdx {

/// The plugin's errors for inputs, with what to do about each.
[[nodiscard]] const kit::OperatorErrors& operatorErrors() noexcept;

template <class Body>
auto readingOption(std::string_view option, Body&& body)
{
    return operatorErrors().reading(option, std::forward<Body>(body));
}

} // namespace teehost::tdx
