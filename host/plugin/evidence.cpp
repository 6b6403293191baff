// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/evidence.h"

#include <algorithm>

namespace teehost::plugin {

std::size_t digestSize(DigestAlg alg) noexcept
{
    switch (alg) {
    case DigestAlg::Sha1:
        return 20;
    case DigestAlg::Sha256:
        return 32;
    case DigestAlg::Sha384:
        return 48;
    case DigestAlg::Sha512:
        return 64;
    }
    return 0;
}

const char* algName(DigestAlg alg) noexcept
{
    switch (alg) {
    case DigestAlg::Sha1:
        return "sha1";
    case DigestAlg::Sha256:
        return "sha256";
    case DigestAlg::Sha384:
        return "sha384";
    case DigestAlg::Sha512:
        return "sha512";
    }
    return "unknown";
}

const char* verdictName(Verdict verdict) noexcept
{
    switch (verdict) {
    case Verdict::Unset:
        return "UNSET";
    case Verdict::Pass:
        return "PASS";
    case Verdict::Fail:
        return "FAIL";
    case Verdict::Warn:
        return "WARN";
    case Verdict::Skip:
        return "SKIP";
    case Verdict::Error:
        return "ERROR";
    }
    return "ERROR";
}

const CheckResult* firstFailure(const VerifyResult& result) noexcept
{
    const auto found = std::find_if(result.checks.begin(), result.checks.end(),
                                    [](const CheckResult& one) { return one.verdict == Verdict::Fail; });
    return found == result.checks.end() ? nullptr : &*found;
}

const CheckResult* firstUnfit(const VerifyResult& result) noexcept
{
    const auto found = std::find_if(result.checks.begin(), result.checks.end(),
                                    [](const CheckResult& one) { return one.unfit; });
    return found == result.checks.end() ? nullptr : &*found;
}

} // namespace teehost::plugin
