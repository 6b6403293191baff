// SPDX-License-Identifier: Apache-2.0
//
// A verification from the request to checks and claims.
#include <string>

#include <teehost/kit/crypto_error.h>
#include <teehost/kit/file.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/tell_checks.h>

#include "attest_vtpm.h"
#include "evidence/pieces.h"
#include "terms.h"
#include "vtpm_claims.h"

namespace teehost::vtpm {
namespace {

constexpr std::size_t kMostCertificates = 64;

std::vector<kit::Certificate> certificatesIn(const std::vector<sdk::Blob>& blobs)
{
    std::vector<kit::Certificate> out;
    try {
        for (const auto& blob : blobs)
            for (const auto& certificate : kit::readX509(blob.data).certificates)
                out.push_back(certificate);
    } catch (const kit::CryptoError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         std::string("the certificates given cannot be read: ") + e.what());
    }
    if (out.size() > kMostCertificates)
        throw sdk::Error(TH_INVALID_ARGUMENT, "more than 64 certificates are given");
    return out;
}

std::vector<kit::Certificate> certificatesOf(const std::string& file)
{
    constexpr std::uint64_t kMostBytes = 64u << 10;
    return kit::readX509(kit::readFile(file, "the certificate authority of this host", kMostBytes))
        .certificates;
}

} // namespace

Evidence readEvidence(const std::vector<sdk::Blob>& blobs)
{
    std::vector<Piece> pieces;
    for (const auto& blob : blobs) {
        const auto piece = classify(blob.kind, blob.data);
        pieces.push_back(piece ? *piece : Piece{PieceKind::Untold, blob.data});
    }
    return gather(pieces);
}

Authority AttestVtpm::authority() const
{
    try {
        if (providesSwtpm_)
            return {certificatesOf(rootCertificateOf(swtpm_.caDirectory)),
                    certificatesOf(issuerCertificateOf(swtpm_.caDirectory))};
    } catch (const std::runtime_error&) {
        // No VM made it yet, or it is another host's: then nobody is trusted by default.
    }
    return {};
}

int AttestVtpm::recognise(const sdk::Blob& blob)
{
    if (blob.kind == "event_log") // every kind of VM has one
        return 0;
    const auto piece = classify(blob.kind, blob.data);
    return piece ? piece->certainty : 0;
}

void AttestVtpm::verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out)
{
    Expectations expectations;
    try {
        expectations = expectationsOf(request);
    } catch (const kit::InputError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT, e.what(), "docs/attestation.md lists the rules of a policy");
    }
    if (request.evidence.empty())
        throw sdk::Error(TH_INVALID_ARGUMENT, "there is no evidence to verify");
    Authority trusted{certificatesIn(request.anchors), certificatesIn(request.collateral)};
    if (request.anchors.empty()) {
        Authority own = authority();
        trusted.anchors = std::move(own.anchors);
        trusted.pool.insert(trusted.pool.end(), own.pool.begin(), own.pool.end());
    }
    Evidence evidence;
    try {
        evidence = readEvidence(request.evidence);
    } catch (const kit::InputError& e) {
        return kit::tellUnreadable(check_id::kFormat, e.what(), "the evidence cannot be read",
                                   kVtpmVerifyChecks, request, out);
    }
    const std::int64_t at = request.atWallNs != 0 ? request.atWallNs : call.wallNs();
    Verified verified = verifyEvidence(evidence, {.nonce = request.reportData,
                                                  .at = secondsOf(at),
                                                  .pool = trusted.pool,
                                                  .anchors = trusted.anchors,
                                                  .policy = std::move(expectations.policy),
                                                  .last = expectations.last,
                                                  .pcrsExpected = expectations.pcrsExpected});
    for (kit::CheckLine& line : verified.lines)
        if (line.outcome == kit::Outcome::Fail || line.outcome == kit::Outcome::Unfit)
            line.message += " (" + line.reason + ")"; // for people who look a failure up by its code
    kit::tell(verified.lines, out);
    kit::tell(expectations.lines, out);
    claimVerified(verified, evidence,
                  [&](std::string_view name, const sdk::Value& value) { out.claim(name, value); });
}

void AttestVtpm::inspect(sdk::Call, const sdk::Blob& blob, sdk::Claims out)
{
    const auto piece = classify(blob.kind, blob.data);
    if (!piece)
        throw sdk::Error(TH_INVALID_ARGUMENT, whatUntoldIs(blob.data));
    try {
        claimPiece(*piece, [&](std::string_view name, const sdk::Value& value) { out.claim(name, value); });
    } catch (const kit::InputError& e) {
        throw sdk::Error(TH_INVALID_ARGUMENT, e.what());
    }
}

} // namespace teehost::vtpm
