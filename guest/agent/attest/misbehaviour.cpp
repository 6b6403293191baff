// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/misbehaviour.h"

#include <map>
#include <utility>

#include "guest/agent/attest/endorsement.h"
#include "guest/agent/attest/tpm.h"

namespace teehost::guest {
namespace {

constexpr std::uint32_t kBootPcr = 4; // what the firmware started
constexpr std::uint32_t kLoadPcr = 9; // what the kernel was given

void lieAboutPcrs(attest::Attestation& evidence)
{
    for (auto& quote : *evidence.mutable_quotes())
        for (auto& [index, value] : *quote.mutable_pcrs()->mutable_pcrs())
            if (index == kLoadPcr && !value.empty())
                value.back() ^= 1;
}

} // namespace

Misbehaviour::Misbehaviour(Fault fault) : fault_(fault)
{
    if (fault_ == Fault::LieKey)
        key_.emplace();
}

std::string Misbehaviour::passOn(std::string evidence)
{
    if (fault_ == Fault::ReplayQuote) {
        const std::lock_guard lock(mutex_);
        if (first_.empty())
            first_ = std::move(evidence);
        return first_;
    }
    if (fault_ != Fault::LiePcrs && fault_ != Fault::LieKey)
        return evidence;
    attest::Attestation message;
    message.ParseFromString(evidence);
    if (key_)
        key_->sign(message, endorsement().key);
    else
        lieAboutPcrs(message);
    return message.SerializeAsString();
}

void extendPcr()
{
    tpm::Tpm tpm;
    std::map<tpm::Bank, std::string> digests;
    for (const tpm::Bank bank : tpm.banks())
        digests.emplace(bank, std::string(tpm.readPcrs(bank).at(kBootPcr).size(), '\x66'));
    tpm.extend(kBootPcr, digests);
}

} // namespace teehost::guest
