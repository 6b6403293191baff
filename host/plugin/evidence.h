// SPDX-License-Identifier: Apache-2.0
//
// Measurements, evidence and verdicts: what measure and verify of a plugin take and give.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace teehost::plugin {

using Bytes = std::vector<std::uint8_t>;

/// TCG algorithm identifiers (TCG Algorithm Registry, TPM_ALG_ID).
enum class DigestAlg : std::uint32_t { Sha1 = 0x0004, Sha256 = 0x000b, Sha384 = 0x000c, Sha512 = 0x000d };

/// Bytes of a digest of `alg`.
[[nodiscard]] std::size_t digestSize(DigestAlg alg) noexcept;
/// "sha1", "sha256", "sha384", "sha512".
[[nodiscard]] const char* algName(DigestAlg alg) noexcept;

struct Register {
    /// "LAUNCH_DIGEST", "MRTD", "RTMR1", "PCR4"; empty, when it is expected: the one of the initial contents
    std::string name;
    DigestAlg alg = DigestAlg::Sha256;
    Bytes digest;
    bool operator==(const Register&) const = default;
};

using ClaimValue = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, std::string, Bytes>;

/// A claim, or a reference value that is not a register.
struct Named {
    std::string key;
    ClaimValue value;
    bool operator==(const Named&) const = default;
};

/// What went into a register, in order.
struct MeasureEvent {
    std::string reg;
    DigestAlg alg = DigestAlg::Sha256;
    std::string what;   ///< "kernel", "vmsa[3]"
    std::string source; ///< file or derivation; may be empty
    Bytes digest;
    bool operator==(const MeasureEvent&) const = default;
};

/// Reference values: what evidence of a VM must show.
struct Measurement {
    std::vector<Register> registers; ///< several of one (name, alg): any of them will do; each digest once
    std::vector<Named> values;       ///< each key once
    std::vector<MeasureEvent> events;
    bool operator==(const Measurement&) const = default;
};

/// Evidence, collateral or a trust anchor.
struct Blob {
    std::string
        kind; ///< "snp.report", "tdx.quote", "tpm.quote", "x509.pem", "crl.der", ...; empty: by the bytes
    Bytes data;
};

struct VerifyRequest {
    std::vector<Blob> evidence;
    std::vector<Blob> collateral;   ///< used before anything is fetched
    std::vector<Blob> anchors;      ///< empty: the plugin's built-in roots
    std::vector<Register> expected; ///< several of one name: any of them will do
    std::vector<Named> reference;   ///< as measured, or edited by policy
    Bytes reportData;               ///< what the evidence must bind; empty: not asked
    std::string policyJson;         ///< empty: the plugin's defaults
    std::int64_t atWallNs = 0;      ///< validity instant, Unix epoch; 0: now
    bool offline = false;           ///< nothing may be fetched
};

/// What the agent inside a VM must solve for its evidence to count as that of the VM's own key.
struct Challenge {
    Bytes challenge;
    Bytes answer;                 ///< that it must give; secret until then
    std::vector<Named> reference; ///< that holds once it was given
};

enum class Verdict { Unset, Pass, Fail, Warn, Skip, Error };
[[nodiscard]] const char* verdictName(Verdict verdict) noexcept; ///< "PASS", "FAIL", ...

struct CheckResult {
    std::string id;
    std::string title; ///< from the declaration
    Verdict verdict = Verdict::Unset;
    std::string message; ///< why; empty only when PASS
    std::string hint;
    ClaimValue expected;
    ClaimValue actual;
    bool required = false; ///< by its declaration and what the request asked for
    bool unfit = false;    ///< an Error that lies in the evidence: unreadable, of another kind, incomplete
};

/// `accepted` is the host's decision (acceptance.h), not the plugin's.
struct VerifyResult {
    bool accepted = false;
    std::string reason; ///< one sentence: the first thing that stood against acceptance; empty when accepted
    std::vector<CheckResult> checks;
    std::vector<Named> claims;
};

/// The first check that says no, and not the first that could not say; null when none does. In `result`.
[[nodiscard]] const CheckResult* firstFailure(const VerifyResult& result) noexcept;
/// The first check that could not be decided because of the evidence itself; null when none. In `result`.
[[nodiscard]] const CheckResult* firstUnfit(const VerifyResult& result) noexcept;

} // namespace teehost::plugin
