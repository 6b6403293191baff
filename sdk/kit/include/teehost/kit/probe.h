// SPDX-License-Identifier: Apache-2.0
//
// One look at the host after the other, as a plugin's probe makes them: each ends with a verdict, whatever
// the look throws.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <teehost/plugin.hpp>

namespace teehost::kit {

struct Look {
    enum class Verdict { Pass, Warn, Fail } verdict;
    std::string message;
    std::string hint;
};
[[nodiscard]] inline Look looksGood(std::string message)
{
    return {Look::Verdict::Pass, std::move(message), {}};
}
[[nodiscard]] inline Look looksOdd(std::string message, std::string hint)
{
    return {Look::Verdict::Warn, std::move(message), std::move(hint)};
}
[[nodiscard]] inline Look looksBad(std::string message, std::string hint)
{
    return {Look::Verdict::Fail, std::move(message), std::move(hint)};
}

/// Reports what `look` sees under the check `id`; what it throws fails the check, so that the others are
/// still made.
template <class Body>
void tellLook(std::string_view id, sdk::Checks out, Body&& look)
{
    Look seen{};
    try {
        seen = look();
    } catch (const sdk::Error& e) {
        seen = looksBad(e.what(), e.hint());
    } catch (const std::exception& e) {
        seen = looksBad(std::string("it could not be looked at: ") + e.what(),
                        "see `dmesg`, and whether the daemon's user may look there");
    }
    switch (seen.verdict) {
    case Look::Verdict::Pass:
        return out.pass(id, seen.message);
    case Look::Verdict::Warn:
        return out.warn(id, seen.message, seen.hint);
    case Look::Verdict::Fail:
        return out.fail(id, seen.message, seen.hint);
    }
}

} // namespace teehost::kit
