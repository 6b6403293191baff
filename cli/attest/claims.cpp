// SPDX-License-Identifier: Apache-2.0
#include "cli/attest/claims.h"

#include "cli/output/escape.h"
#include "cli/output/table.h"
#include "host/base/sha256.h"
#include "host/base/text.h"
#include "host/plugin/evidence_json.h"

namespace teehost::cli {

std::string claimsText(const std::vector<plugin::Named>& claims)
{
    FieldList fields("  ");
    for (const auto& claim : claims) {
        if (claim.key.starts_with("kept.")) // for a daemon: it says again what another claim says
            continue;
        const std::string text = plugin::valueText(claim.value);
        fields.add(escapeLine(claim.key), text.empty() ? "(empty)" : escapeLine(text)); // one line each
    }
    return claims.empty() ? "  none\n" : fields.render();
}

std::string sha256Hex(const plugin::Bytes& data)
{
    return toHex(sha256({reinterpret_cast<const char*>(data.data()), data.size()}));
}

} // namespace teehost::cli
