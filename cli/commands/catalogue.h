// SPDX-License-Identifier: Apache-2.0
//
// The commands of teehost in the order of its help. The program itself has those that need no daemon; the
// others, with gRPC and the hundred libraries that it brings, are in a library that is loaded for them.
#pragma once

#include <array>
#include <string_view>

namespace teehost::cli {

/// The place of a command's code.
enum class Runs {
    Here,     ///< in the program itself
    OnDemand, ///< in the library of cli/on_demand/library.h
};

struct CommandLine {
    std::string_view name;
    std::string_view description; ///< one line of `teehost --help`
    Runs runs;
};

inline constexpr std::array kCommands = std::to_array<CommandLine>({
    {"create-vm", "Launch a confidential VM and show how it gets on", Runs::OnDemand},
    {"remove-vm", "Stop VMs and remove every trace of them", Runs::OnDemand},
    {"stop-vm", "Stop a VM and keep its record and logs for reading", Runs::OnDemand},
    {"orphans", "List QEMUs of teehost that no record of the daemon names", Runs::OnDemand},
    {"adopt", "Take up an orphan as a VM of the daemon again", Runs::OnDemand},
    {"end-orphan", "End an orphan by force and remove what it leaves", Runs::OnDemand},
    {"list", "List the VMs of the host", Runs::OnDemand},
    {"info", "Show one VM, or without an ID the daemon and what a new VM gets", Runs::OnDemand},
    {"events", "Show what happened to the VMs; as JSON, one object a line", Runs::OnDemand},
    {"console", "Show what the guest wrote to its serial console", Runs::OnDemand},
    {"attest", "Ask a VM for evidence, and say check by check whether it is what was launched",
     Runs::OnDemand},
    {"backends", "List the TEE plugins of the daemon and whether this host can use them", Runs::OnDemand},
    {"config", "Show the daemon's effective settings and where each comes from", Runs::OnDemand},
    {"completion", "Print the completion script of a shell; needs no daemon", Runs::OnDemand},
    {"measure", "Compute what evidence of a VM must show, from the files it boots", Runs::Here},
    {"verify", "Verify evidence, and say check by check why it is accepted or not", Runs::Here},
    {"inspect", "Show what evidence says of itself, without verifying it", Runs::Here},
    {"explain", "Say why a VM did not start, from what QEMU or the kernel printed", Runs::Here},
    {"keys", "Generate an RSA 4096 key pair: private.pem and public.pem; needs no daemon", Runs::Here},
});

/// The command of that name; null when there is none.
[[nodiscard]] constexpr const CommandLine* findCommand(std::string_view name) noexcept
{
    for (const auto& command : kCommands)
        if (command.name == name)
            return &command;
    return nullptr;
}

} // namespace teehost::cli
