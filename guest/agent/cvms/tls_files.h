// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace teehost::guest {

/// The contents of the files of the settings, in PEM. Empty: not given.
struct TlsFiles {
    std::string ca_certificates, certificate, key;
};

/// Throws std::invalid_argument with a sentence when gRPC could not use them: of a file that it cannot read
/// it says nothing but "empty address list". Shows nothing of what is in them.
void checkTlsFiles(const TlsFiles& files);

} // namespace teehost::guest
