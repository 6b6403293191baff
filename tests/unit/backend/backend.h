// SPDX-License-Identifier: Apache-2.0
//
// What the tests of backends share: files, VMs that exist on paper only, and a plugin's calls with the host's
// own sinks at the other end.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <cppunit/TestAssert.h>

#include <teehost/kit/bytes.h>
#include <teehost/plugin.hpp>

#include "host/plugin/diagnosis.h"
#include "host/plugin/fragment.h"
#include "host/plugin/vm_facts.h"

namespace teehost::backend_test {

/// A directory that is gone with the test.
class Scratch {
public:
    Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch();

    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    /// The directory itself, without a slash at its end.
    [[nodiscard]] std::string path() const { return path_.string(); }
    /// Makes directories as needed; the path of the file.
    std::string write(const std::string& name, std::string_view content, unsigned mode = 0644) const;
    std::string write(const std::string& name, kit::ByteView content, unsigned mode = 0644) const
    {
        return write(name, kit::textOf(content), mode);
    }
    /// The one character device that is everywhere, under this name in dev/.
    void addDevice(const std::string& name) const;

private:
    std::filesystem::path path_;
};

using Options = std::map<std::string, std::string>; ///< by the plugin's own key: {"policy", "0x30000"}

/// The host's side of a plugin whose functions a test calls itself.
class Border {
public:
    Border(std::string id, std::span<const sdk::Option> options, std::span<const sdk::Check> probe_checks)
        : id_(std::move(id)), options_(options), probeChecks_(probe_checks)
    {
    }

    /// Runs `body` with a call that has these options and the defaults of the others, parsed as the daemon
    /// does.
    void call(const Options& options, const std::function<void(sdk::Call)>& body) const;

    [[nodiscard]] plugin::Fragment
    compose(const plugin::VmFacts& vm, const std::function<void(const sdk::Vm&, sdk::Fragment)>& body) const;
    /// Verdicts and words of every check; of `vm` none when it is null.
    [[nodiscard]] std::vector<plugin::ProbeCheck>
    probe(const plugin::VmFacts* vm, const std::function<void(const sdk::Vm*, sdk::Checks)>& body) const;
    [[nodiscard]] static std::vector<plugin::Finding>
    diagnose(const std::string& stderr_tail, const std::string& qmp_error,
             const std::function<void(const sdk::Failure&, sdk::Findings)>& body);

private:
    std::string id_;
    std::span<const sdk::Option> options_;
    std::span<const sdk::Check> probeChecks_;
};

/// A VM with 2 vCPUs, KVM, q35 and QEMU 10.1; without CPU model, firmware and kernel.
[[nodiscard]] plugin::VmFacts plainVm();

using Pairs = std::map<std::string, std::string>;
[[nodiscard]] Pairs machineOf(const plugin::Fragment& fragment);
/// The properties of the fragment's only item of this driver.
[[nodiscard]] Pairs propertiesOf(const plugin::Fragment& fragment, const std::string& driver);
[[nodiscard]] Pairs notesOf(const plugin::Fragment& fragment);

/// That check has this verdict and these words, with a hint unless it passes; all others pass, but for
/// `also`.
void expectOnly(const std::string& id, plugin::Verdict verdict, const std::string& words,
                const std::vector<plugin::ProbeCheck>& checks, const std::string& also = {});

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

} // namespace teehost::backend_test
