// SPDX-License-Identifier: Apache-2.0
//
// The fields of a TD's report by name, as claims, policies and reference values have them.
#pragma once

#include <optional>
#include <string_view>

#include "tdx/quote/quote.h"

namespace teehost::tdx {

/// Calls `take` with name and bytes of each field: "mr_td", "rtmr0", "td_attributes". Those of TDX 1.5 only
/// where there are any.
template <class Take>
void eachField(const TdReport& r, Take&& take)
{
    take("tee_tcb_svn", kit::ByteView(r.teeTcbSvn));
    take("mr_seam", kit::ByteView(r.mrSeam));
    take("mr_signer_seam", kit::ByteView(r.mrSignerSeam));
    take("seam_attributes", kit::ByteView(r.seamAttributes));
    take("td_attributes", kit::ByteView(r.tdAttributes));
    take("xfam", kit::ByteView(r.xfam));
    take("mr_td", kit::ByteView(r.mrTd));
    take("mr_config_id", kit::ByteView(r.mrConfigId));
    take("mr_owner", kit::ByteView(r.mrOwner));
    take("mr_owner_config", kit::ByteView(r.mrOwnerConfig));
    take("rtmr0", kit::ByteView(r.rtmr[0]));
    take("rtmr1", kit::ByteView(r.rtmr[1]));
    take("rtmr2", kit::ByteView(r.rtmr[2]));
    take("rtmr3", kit::ByteView(r.rtmr[3]));
    take("report_data", kit::ByteView(r.reportData));
    if (r.teeTcbSvn2)
        take("tee_tcb_svn2", kit::ByteView(*r.teeTcbSvn2));
    if (r.mrServiceTd)
        take("mr_service_td", kit::ByteView(*r.mrServiceTd));
}

/// A view into the report.
[[nodiscard]] inline std::optional<kit::ByteView> fieldNamed(const TdReport& report, std::string_view name)
{
    std::optional<kit::ByteView> found;
    eachField(report, [&](std::string_view its, kit::ByteView bytes) {
        if (its == name)
            found = bytes;
    });
    return found;
}

} // namespace teehost::tdx
