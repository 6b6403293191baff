// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests about VMs with a software TPM: a daemon that gives each VM one, and a guest of the
// reference image under a firmware that measures.
#pragma once

#include <map>
#include <string>

#include <grpcpp/grpcpp.h>

#include "support/host_test.h"

namespace teehost::test {

/// AttestationRequest.type, as Cocos numbers it.
enum class EvidenceType { Vtpm = 1, SnpVtpm = 2 };

class TpmHostTest : public HostTest {
protected:
    void startWithTpm(Settings changes = {});
    /// Of the last start, without its changes.
    [[nodiscard]] const Settings& daemonSettings() const { return settings_; }
    /// A VM with `words` on its kernel's command line, whose agent answers.
    v1::Vm runVmWith(const std::string& words);

    /// That of a daemon's VMs, with `words` behind it.
    [[nodiscard]] static std::string commandLine(const std::string& words);

    struct AgentAnswer {
        grpc::Status status;
        std::string bytes; ///< of an answer that is no refusal
    };
    [[nodiscard]] static AgentAnswer askEvidence(const v1::Vm& vm, EvidenceType type,
                                                 const std::string& nonce);
    /// Of the TPM; fails the test without.
    [[nodiscard]] static std::string evidenceOf(const v1::Vm& vm, const std::string& nonce);
    /// Adds the pieces that its agent endorses the key with, by their kinds.
    [[nodiscard]] static grpc::Status askEndorsement(const v1::Vm& vm,
                                                     std::map<std::string, std::string>& pieces);
    [[nodiscard]] static AgentAnswer askAnswer(const v1::Vm& vm, const std::string& challenge);

private:
    Settings settings_;
};

} // namespace teehost::test
