// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/bound_data.h"

namespace teehost::kit {

CheckLine boundDataCheck(std::string_view id, std::string_view reason, ByteView wanted, ByteView bound)
{
    Bytes expected(wanted.begin(), wanted.end());
    if (expected.size() > bound.size())
        return undecided(id, reason,
                         std::to_string(bound.size()) + " bytes of report data at most can be bound, " +
                             std::to_string(wanted.size()) + " are expected",
                         "give what the report binds, at most as long as that");
    expected.resize(bound.size());
    const bool kept = equalInConstantTime(expected, bound);
    return judged(id, kept, reason,
                  kept ? "the report binds the data it must" : "the report binds other data than it must",
                  toHex(expected), toHex(bound));
}

} // namespace teehost::kit
