// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace teehost::guest {

/// The VM has not what was asked for.
class NoEvidence : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace teehost::guest
