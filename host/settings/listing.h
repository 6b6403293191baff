// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "host/settings/settings.h"

namespace teehost::settings {

/// The text that `--list-options[=FORMAT]` prints. Sensitive values are masked in every form.
enum class ListingFormat {
    Table,      ///< key, effective value, source
    Properties, ///< a settings file with every option at its default, commented out
    Env,        ///< NAME=value of every option that has an environment name
    Markdown,   ///< docs/configuration.md
};

[[nodiscard]] ListingFormat parseListingFormat(std::string_view text);

/// Properties and Markdown depend on the table alone, so that they can be committed and compared.
[[nodiscard]] std::string listOptions(const Settings& settings, ListingFormat format);

/// The value as it may be shown: "***" for a sensitive one that is set.
[[nodiscard]] std::string shownValue(const OptionSpec& spec, const Effective* effective);

} // namespace teehost::settings
