// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include <teehost/kit/operator_error.h>

namespace teehost::sev_snp {

/// The plugin's errors for inputs, with what to do about each.
[[nodiscard]] const kit::OperatorErrors& operatorErrors() noexcept;

[[nodiscard]] inline sdk::Error operatorError(const std::exception& why, std::string_view option)
{
    return operatorErrors().of(why, option);
}
template <class Body>
auto readingOption(std::string_view option, Body&& body)
{
    return operatorErrors().reading(option, std::forward<Body>(body));
}

} // namespace teehost::sev_snp
