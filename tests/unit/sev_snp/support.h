// SPDX-License-Identifier: Apache-2.0
//
// What the tests of plugins/sev-snp share: files, hosts that exist on paper only, and the plugin's calls with
// the host's own sinks at the other end.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <cppunit/TestAssert.h>

#include "compose.h"
#include "configuration.h"
#include "host/plugin/diagnosis.h"
#include "host/plugin/fragment.h"
#include "host/plugin/vm_facts.h"
#include "host_facts.h"
#include "snp_factory/images.h"

namespace teehost::sev_snp::test {

using namespace snp_factory;

/// A directory that is gone with the test.
class Scratch {
public:
    Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();

    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    /// Makes directories as needed; the path of the file.
    std::string write(const std::string& name, std::string_view content, unsigned mode = 0644) const;
    std::string write(const std::string& name, kit::ByteView content, unsigned mode = 0644) const
    {
        return write(name, kit::textOf(content), mode);
    }

private:
    std::filesystem::path path_;
};

using Options = std::map<std::string, std::string>; ///< by the plugin's own key: {"policy", "0x30000"}

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

/// The properties of the fragment's only item of this driver.
[[nodiscard]] std::map<std::string, std::string> propertiesOf(const plugin::Fragment& fragment,
                                                              const std::string& driver);
[[nodiscard]] std::map<std::string, std::string> notesOf(const plugin::Fragment& fragment);

/// Runs `body`, which must throw an sdk::Error that says `words` and blames `field`, with a hint.
template <class Body>
void expectRefusal(const std::string& words, const std::string& field, Body&& body)
{
    try {
        body();
    } catch (const sdk::Error& e) {
        const std::string message = e.what();
        CPPUNIT_ASSERT_MESSAGE("\"" + message + "\" does not contain \"" + words + "\"",
                               message.find(words) != std::string::npos);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, field, e.field());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, th_status{TH_FAILED_PRECONDITION}, e.status());
        CPPUNIT_ASSERT_MESSAGE("no hint: " + message, !e.hint().empty());
        return;
    }
    CPPUNIT_FAIL("nothing was refused; expected: " + words);
}

} // namespace teehost::sev_snp::test
