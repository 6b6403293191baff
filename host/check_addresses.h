// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/settings/settings.h"

namespace teehost {

/// Refuses addresses that cannot be served: they do not resolve, are not this host's, are taken, or would be
/// served to other machines without TLS and nobody has decided that. What a daemon that runs with the same
/// state directory holds is not called taken.
void checkAddresses(const settings::Settings& settings, settings::Findings& findings);

} // namespace teehost
