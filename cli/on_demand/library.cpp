// SPDX-License-Identifier: Apache-2.0
#include "cli/on_demand/library.h"

#include "cli/failure.h"
#include "host/base/error.h"

namespace teehost::cli {

const OnDemandEntry& onDemand()
{
    try {
        const OwnLibraryEntry expected{TEEHOST_VERSION, sizeof(OnDemandEntry)};
        return *reinterpret_cast<const OnDemandEntry*>(
            OwnLibrary("teehost-on-demand.so").load(kOnDemandSymbol, expected));
    } catch (const Error& error) {
        throw Failure(ExitCode::Failed, error.what(), error.hint());
    }
}

} // namespace teehost::cli
