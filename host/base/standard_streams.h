// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost {

/// Opens /dev/null on each of the descriptors 0 to 2 that is closed. Call before anything else is
/// opened: else the next file or socket becomes one of them, and gets whatever is meant for people.
void openStandardStreams() noexcept;

} // namespace teehost
