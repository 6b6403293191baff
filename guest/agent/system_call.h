// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace teehost::guest {

/// Throws "WHAT: reason" with the present errno when `result` is negative; otherwise hands it on.
template <class Result>
Result check(Result result, const std::string& what)
{
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

} // namespace teehost::guest
