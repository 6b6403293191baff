// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/settings/option.h"

namespace teehost::settings {

/// Every option there is, the host's first and then each plugin's, in the order they are listed to people.
class OptionTable {
public:
    /// Refuses (AlreadyExists) a key or an environment name that is taken, and (InvalidArgument) a default
    /// that does not parse: a plugin cannot shadow an option of the host.
    void add(OptionSpec spec);

    [[nodiscard]] std::span<const OptionSpec> all() const noexcept { return specs_; }
    [[nodiscard]] const OptionSpec* find(std::string_view key) const noexcept;
    [[nodiscard]] const OptionSpec* findByEnvironment(std::string_view name) const noexcept;
    [[nodiscard]] std::vector<std::string> keys() const;
    [[nodiscard]] std::vector<std::string> environmentNames() const;

private:
    std::vector<OptionSpec> specs_;
};

/// The host's own options, with the environment names of the Cocos Manager; made once, of static lifetime.
[[nodiscard]] const OptionTable& hostOptions();

} // namespace teehost::settings
