// SPDX-License-Identifier: Apache-2.0
//
// What the tests of plugins/sev-snp share: hosts that exist on paper only, and the plugin's calls.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "compose.h"
#include "configuration.h"
#include "host_facts.h"
#include "snp_factory/images.h"

namespace teehost::sev_snp::test {

using namespace snp_factory;

using backend_test::expectOnly;
using backend_test::expectRefusal;
using backend_test::machineOf;
using backend_test::notesOf;
using backend_test::Options;
using backend_test::Pairs;
using backend_test::propertiesOf;
using backend_test::Scratch;

/// The configuration with these options and the defaults of the others, parsed as the daemon does.
[[nodiscard]] Configuration configured(const Options& options);

/// A Milan host where everything is as SEV-SNP needs it, below `root`.
[[nodiscard]] HostFacts milanHost(const Scratch& root);
/// A CPU without memory encryption.
[[nodiscard]] HostFacts otherHost();

/// A VM with 2 vCPUs, EPYC-v4, KVM and QEMU 10.1; without firmware and kernel.
[[nodiscard]] plugin::VmFacts plainVm();

/// Not [[nodiscard]]: that it does not throw is an answer too.
plugin::Fragment compose(const Configuration& configuration, const HostFacts& host,
                         const plugin::VmFacts& vm);
/// Verdicts and words of every check; of `vm` none when it is null.
[[nodiscard]] std::vector<plugin::ProbeCheck> probe(const Configuration& configuration, const HostFacts& host,
                                                    const plugin::VmFacts* vm);
[[nodiscard]] std::vector<plugin::Finding> diagnose(const std::string& stderr_tail,
                                                    const std::string& qmp_error = {});

} // namespace teehost::sev_snp::test
