// SPDX-License-Identifier: Apache-2.0
//
// Everything that is wrong or odd with what an operator wrote, gathered so that it can be told at once
// instead of one fault at a start.
//
//     Findings findings;
//     findings.gather([&] { checkTlsFiles(paths, "grpc"); });
//     for (const auto& refusal : findings.refusals()) std::cerr << describe(refusal) << "\n";
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/error.h"

namespace teehost::settings {

class Findings {
public:
    /// Stops the start. `key` is the option to blame, when there is one: checks of values that depend on it
    /// can then be left out.
    void refuse(Error error, const std::string& key = {})
    {
        const bool told = std::any_of(refusals_.begin(), refusals_.end(),
                                      [&](const Error& known) { return describe(known) == describe(error); });
        if (!told)
            refusals_.push_back(std::move(error));
        if (!key.empty())
            refusedKeys_.insert(key);
    }
    /// Is said and stops nothing.
    void warn(std::string text)
    {
        if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end())
            warnings_.push_back(std::move(text));
    }
    /// Runs a check; an Error that it throws is a refusal.
    template <class Check>
    void gather(Check&& check, const std::string& key = {})
    {
        try {
            check();
        } catch (const Error& error) {
            refuse(error, key);
        }
    }

    [[nodiscard]] bool refused() const noexcept { return !refusals_.empty(); }
    [[nodiscard]] bool refused(std::string_view key) const { return refusedKeys_.contains(key); }
    /// Whether there are refusals, and all of them may be over when it is tried again.
    [[nodiscard]] bool mayPass() const
    {
        return refused() && std::all_of(refusals_.begin(), refusals_.end(), [](const Error& refusal) {
                   return refusal.category() == Category::Unavailable;
               });
    }
    [[nodiscard]] const std::vector<Error>& refusals() const noexcept { return refusals_; }
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    std::vector<Error> refusals_;
    std::vector<std::string> warnings_;
    std::set<std::string, std::less<>> refusedKeys_;
};

} // namespace teehost::settings
