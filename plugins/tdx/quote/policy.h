// SPDX-License-Identifier: Apache-2.0
//
// What a quote must say to be acceptable: rules, all optional, absent = not looked at. From a JSON document
// whose keys are the members' names in snake case; docs/attestation.md lists them.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tdx/quote/quote.h"
#include "tdx/quote/verify.h"

namespace teehost::tdx {

enum class Right { Forbid, Allow };
enum class SeptVe { Require, Ignore };
/// Whose word is taken for the ACPI tables in RTMR0: what was computed or given, or what the guest's event
/// log says, which the host chose and nobody checked.
enum class AcpiTrust { Reference, Log };
/// What becomes of a register that measure could not predict, and nobody gives.
enum class Unpredicted { Refuse, Ignore };

struct Policy {
    /// InputError policy for anything that is not understood, a length that is wrong included.
    [[nodiscard]] static Policy parse(std::string_view json);

    // Bytes: the quote's must be one of these. Bit fields may be written as numbers with 0x too.
    std::vector<kit::Bytes> mrTd, mrSeam, mrSignerSeam, mrConfigId, mrOwner, mrOwnerConfig, mrServiceTd,
        tdAttributes, xfam, reportData, qeVendorId;
    std::array<std::vector<kit::Bytes>, 4> rtmr;
    std::optional<Svns> minimumTeeTcbSvn; ///< component by component

    // The TCB.
    std::set<TcbStatus> allowedTcbStatus{TcbStatus::UpToDate, TcbStatus::SwHardeningNeeded};
    std::chrono::seconds gracePeriod{
        0}; ///< from the rating's date, in which OutOfDate is not held against it
    std::vector<std::string> deniedAdvisories;
    std::optional<std::uint64_t> minTcbEvaluationDataNumber;

    // Rights of the TD, by its attributes.
    Right debug = Right::Forbid, migratable = Right::Forbid;
    SeptVe septVeDisable = SeptVe::Require;

    // About the verification itself.
    std::optional<CrlMode> crl;
    CollateralMode collateral = CollateralMode::Required;
    AcpiTrust acpi = AcpiTrust::Reference;
    Unpredicted unpredicted = Unpredicted::Refuse;
};

} // namespace teehost::tdx
