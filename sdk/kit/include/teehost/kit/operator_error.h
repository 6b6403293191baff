// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with an input file, as an error that tells the operator which option to change and how.
#pragma once

#include <algorithm>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include <teehost/plugin.hpp>

#include "teehost/kit/input_error.h"

namespace teehost::kit {

struct Remedy {
    std::string_view reason; ///< of an InputError, or the beginning of it
    std::string_view hint;
};

/// Options of one plugin, and what to do about the inputs that they name. Kept as a constant by the plugin.
struct OperatorErrors {
    std::string_view plugin; ///< its id: an option without a dot is its own
    std::span<const Remedy> remedies;

    /// The error for a failure to read or understand an input that `option` ("igvm_file", "ovmf.code.file")
    /// names.
    [[nodiscard]] sdk::Error of(const std::exception& why, std::string_view option) const
    {
        const std::string field = option.find('.') == std::string_view::npos
                                      ? std::string(plugin) + "." + std::string(option)
                                      : std::string(option);
        if (const auto* input = dynamic_cast<const InputError*>(&why))
            return {TH_FAILED_PRECONDITION, field + ": " + input->what(),
                    std::string(hintFor(input->reason())), field};
        return {TH_FAILED_PRECONDITION, field + ": " + why.what(),
                "set " + field + " to a file that the daemon can read", field};
    }

    /// Runs `body`; what it throws of an input becomes such an error. Errors of the SDK pass as they are.
    template <class Body>
    auto reading(std::string_view option, Body&& body) const
    {
        try {
            return body();
        } catch (const sdk::Error&) {
            throw;
        } catch (const std::bad_alloc&) {
            throw;
        } catch (const std::exception& e) {
            throw of(e, option);
        }
    }

private:
    [[nodiscard]] std::string_view hintFor(std::string_view reason) const
    {
        const auto it = std::find_if(remedies.begin(), remedies.end(),
                                     [&](const Remedy& r) { return reason.starts_with(r.reason); });
        return it == remedies.end() ? std::string_view() : it->hint;
    }
};

} // namespace teehost::kit
