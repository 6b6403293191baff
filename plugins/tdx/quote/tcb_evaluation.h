// SPDX-License-Identifier: Apache-2.0
//
// Which of Intel's levels a platform, its TDX module and its quoting enclave reach (Intel TDX DCAP Quote
// Verification Library; PCS API v4, "TCB Info", "comparing").
#pragma once

#include <optional>

#include <teehost/kit/check_line.h>

#include "tdx/quote/pck_extension.h"
#include "tdx/quote/qe_identity.h"
#include "tdx/quote/tcb_info.h"

namespace teehost::tdx {

/// A rating, or why there is none; neither where there is nothing to rate.
struct Rated {
    const TcbRating* rating = nullptr; ///< inside the document
    std::optional<kit::Fault> fault;
};

/// The first level of which each component, of the PCK certificate and of the TD's report, is reached.
/// TCB_NOT_SUPPORTED, with the component that is too low.
[[nodiscard]] Rated ratePlatform(const TcbInfo& info, const PckExtension& pck, const Svns& tee_tcb_svn);

/// Of the TDX module: TDX_MODULE_MISMATCH, TCB_NOT_SUPPORTED. A module of major version 0 is rated with the
/// platform only.
[[nodiscard]] Rated rateModule(const TcbInfo& info, const Svns& tee_tcb_svn);
/// Why the module that made the report is not Intel's: TDX_MODULE_MISMATCH, MRSIGNERSEAM, SEAM_ATTR.
[[nodiscard]] std::optional<kit::Fault> moduleFault(const TcbInfo& info, const TdReport& report);

/// QE_TCB_NOT_SUPPORTED.
[[nodiscard]] Rated rateQe(const QeIdentity& identity, const QeReport& qe);

} // namespace teehost::tdx
