// SPDX-License-Identifier: Apache-2.0
//
// The VM's life: what its agent is asked for, and the proof that its attestation key lives in the VM's own
// TPM: only there can a credential for that key and the TPM's endorsement key be opened.
#include <string>

#include <teehost/kit/crypto_error.h>
#include <teehost/kit/input_error.h>

#include "attest_vtpm.h"
#include "quote/certification.h"
#include "quote/credential.h"
#include "request.h"

namespace teehost::vtpm {
namespace {

constexpr const char* kAgentHint = "the agent inside the VM has to offer teehost.v1.GuestService";

/// The endorsement key, if it can be trusted to be that of this VM's TPM. Of an SVSM that is for verify to
/// say, with the report that comes along.
TpmKey endorsementKey(const Evidence& evidence, const Authority& authority, std::string_view vm_id,
                      kit::UnixSeconds now)
{
    if (!evidence.manifest.empty())
        return TpmKey::parse(evidence.manifest);
    if (evidence.ekPublic.empty() || evidence.ekCertificate.empty())
        throw kit::InputError("ek_missing", "the agent gives no endorsement key with a certificate");
    const TpmKey ek = TpmKey::parse(evidence.ekPublic);
    const auto certificate = EkCertificate::parse(evidence.ekCertificate);
    const EkTerms terms{authority.pool, authority.anchors, now, &ek, vm_id};
    if (const auto fault = ekCertificateFault(certificate, terms))
        throw kit::InputError(fault->reason, fault->message);
    return ek;
}

} // namespace

std::uint32_t AttestVtpm::evidence(sdk::Call, const sdk::Vm& vm)
{
    switch (tpmOf(vm)) {
    case Tpm::Swtpm:
        return TH_EVIDENCE_VTPM;
    case Tpm::Svsm:
        return TH_EVIDENCE_SNP_VTPM;
    case Tpm::None:
        break;
    }
    throw sdk::Error(TH_FAILED_PRECONDITION, "the VM has no vTPM",
                     "set attest-vtpm.provider=swtpm, or boot an IGVM file with an SVSM",
                     "attest-vtpm.provider");
}

void AttestVtpm::challenge(sdk::Call call, const sdk::ChallengeRequest& request, sdk::Challenge out)
{
    try {
        const Evidence evidence = readEvidence(request.evidence);
        const TpmKey ak = TpmKey::parse(evidence.akPublic);
        const TpmKey ek = endorsementKey(evidence, authority(), request.vm.vmId(), secondsOf(call.wallNs()));
        if (const auto fault = ekFault(ek))
            throw kit::InputError(fault->reason, fault->message);
        const kit::Bytes name = ak.name(), secret = randomBytes(kCredentialBytes);
        out.ask(makeCredential(ek, name, secret), secret);
        out.value(reference::kActivatedAk, sdk::ByteView(name));
        out.value(reference::kActivatedEk, ek.name());
        if (evidence.manifest.empty())
            out.value(reference::kVmId, request.vm.vmId());
    } catch (const kit::InputError& e) {
        throw sdk::Error(TH_FAILED_PRECONDITION, e.what(), kAgentHint);
    } catch (const kit::CryptoError& e) {
        throw sdk::Error(TH_INTERNAL, e.what());
    }
}

} // namespace teehost::vtpm
