// SPDX-License-Identifier: Apache-2.0
//
// The one place where what is wrong with an input file becomes an error that tells the operator what to do.
#pragma once

#include <exception>
#include <string_view>

#include <teehost/plugin.hpp>

namespace teehost::sev_snp {

/// The error for a failure to read or understand an input that `option` ("igvm_file", "ovmf.code.file")
/// names. Options without a dot are the plugin's.
[[nodiscard]] sdk::Error operatorError(const std::exception& why, std::string_view option);

/// Runs `body`; what it throws of an input becomes an operatorError. Errors of the SDK pass as they are.
template <class Body>
auto readingOption(std::string_view option, Body&& body)
{
    try {
        return body();
    } catch (const sdk::Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& e) {
        throw operatorError(e, option);
    }
}

} // namespace teehost::sev_snp
