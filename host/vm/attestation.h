// SPDX-License-Identifier: Apache-2.0
//
// What is known of a VM's trustworthiness: what its evidence must show, and what came of asking for it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/evidence.h"

namespace teehost::vm {

enum class Standing {
    Unknown,  ///< nobody has asked yet
    Attested, ///< every plugin of the VM accepted its evidence
    Failed,   ///< a check says that the VM is not what it has to be
    Undecided ///< there was no evidence, or it could not be judged
};
/// "unknown", "attested", "failed", "undecided".
[[nodiscard]] std::string_view standingName(Standing standing) noexcept;
/// Unknown for another word.
[[nodiscard]] Standing parseStanding(std::string_view name) noexcept;

struct PluginVerdict {
    std::string plugin;
    plugin::VerifyResult result;
    bool relied = false; ///< on evidence within another one's
};

struct Verdict {
    Standing standing = Standing::Unknown;
    std::chrono::system_clock::time_point at;
    plugin::Bytes nonce;
    std::string reason; ///< one sentence; names the plugin and the check unless it is Attested
    std::vector<PluginVerdict> plugins;
    bool agentSilent = false; ///< the agent did not give what it was asked for
    bool ownNonce = true;     ///< the daemon's; of a client's nobody knows who knew it before
};

/// What one plugin computed when the VM was launched.
struct References {
    plugin::Measurement measurement; ///< without events
    std::string missing;             ///< why there is none; empty when there is
};

/// Of one launch of a VM, by ids of its plugins. Kept in the store, but of the verdict only what is below.
struct AttestationRecord {
    std::vector<std::string> judges; ///< plugins that had evidence of it at the launch
    std::map<std::string, References> references;
    std::map<std::string, std::vector<plugin::Named>> kept; ///< "kept." claims of the last accepted verdict
    Standing standing = Standing::Unknown;
    std::chrono::system_clock::time_point at; ///< of the last verdict
    std::string reason;
    unsigned silences = 0; ///< of its agent, in a row
};

} // namespace teehost::vm
