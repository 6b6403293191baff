// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace teehost::kit {

/// A certificate, CRL or key that is not one, or not of the kind that is wanted.
class CryptoError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace teehost::kit
