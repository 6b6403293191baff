// SPDX-License-Identifier: Apache-2.0
//
// What the tests of plugins/tdx share: hosts that exist on paper only, and the plugin's calls.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "tdx/compose.h"
#include "tdx/configuration.h"
#include "tdx/host_facts.h"

namespace teehost::tdx::test {

using backend_test::expectOnly;
using backend_test::expectRefusal;
using backend_test::machineOf;
using backend_test::notesOf;
using backend_test::Options;
using backend_test::Pairs;
using backend_test::plainVm;
using backend_test::Scratch;

/// A TDVF that Debian 12 installs (package ovmf).
inline constexpr const char* kInstalledTdvf = "/usr/share/ovmf/OVMF.fd";

/// The configuration with these options and the defaults of the others, parsed as the daemon does.
[[nodiscard]] Configuration configured(const Options& options);
/// The words of the refusal of such options; empty when they are taken.
[[nodiscard]] std::string refusalOf(const Options& options);

/// A host where everything is as TDX needs it, below `root`, with a quote generation service on vsock.
[[nodiscard]] HostFacts goodHost(const Scratch& root);
/// A machine without TDX.
[[nodiscard]] HostFacts otherHost();

/// Not [[nodiscard]]: that it does not throw is an answer too.
plugin::Fragment compose(const Configuration& configuration, const HostFacts& host,
                         const plugin::VmFacts& vm);
/// Verdicts and words of every check; of `vm` none when it is null.
[[nodiscard]] std::vector<plugin::ProbeCheck> probe(const Configuration& configuration, const HostFacts& host,
                                                    const plugin::VmFacts* vm);
[[nodiscard]] std::vector<plugin::Finding> diagnose(const std::string& stderr_tail,
                                                    const std::string& qmp_error = {});

} // namespace teehost::tdx::test
