// SPDX-License-Identifier: Apache-2.0
//
// The fixture of the integration tests: one daemon a test, and after each test the proof that nothing is left
// of it.
#pragma once

#include <memory>
#include <source_location>

#include <cppunit/TestFixture.h>

#include "support/client.h"
#include "support/daemon.h"

namespace teehost::test {

/// Fails the test unless no trace of a VM is left: no QEMU, no file of a VM, no listening port of the stage,
/// and, while the daemon runs, no living VM in its list.
void assertClean(const Stage& stage, Daemon& daemon,
                 std::source_location where = std::source_location::current());
/// The same for what ends by itself, in its own time.
void waitUntilClean(const Stage& stage, Daemon& daemon,
                    std::source_location where = std::source_location::current());

class HostTest : public CppUnit::TestFixture {
public:
    void setUp() override;
    /// Ends the daemon; that must succeed and leave nothing, whatever the test did with it.
    void tearDown() override;

protected:
    /// quickSettings() with `changes`.
    Daemon& startDaemon(const Settings& changes = {}, DaemonOptions options = {});
    /// With these settings and no other.
    Daemon& startExactly(const Settings& settings, DaemonOptions options = {});
    /// Another daemon on the same stage with the settings of the last one and `changes`; that one has ended.
    Daemon& startAgain(const Settings& changes = {}, std::map<std::string, std::string> environment = {});
    /// SIGKILL.
    void crashDaemon();
    /// SIGTERM; the daemon must end well. Without a client, for whose connection it would wait.
    void endDaemon();
    /// With which the last daemon was started.
    [[nodiscard]] const Settings& lastSettings() const { return options_.settings; }
    Stage& stage() { return *stage_; }
    Daemon& daemon() { return *daemon_; }
    Client& client() { return *client_; }

    /// A VM whose agent answers.
    v1::Vm runVm(const v1::CreateVmRequest& request = {},
                 std::source_location where = std::source_location::current());
    void assertClean(std::source_location where = std::source_location::current())
    {
        test::assertClean(*stage_, *daemon_, where);
    }
    void waitUntilClean(std::source_location where = std::source_location::current())
    {
        test::waitUntilClean(*stage_, *daemon_, where);
    }

    DaemonOptions options_; ///< of the last start

private:
    std::unique_ptr<Stage> stage_;
    std::unique_ptr<Daemon> daemon_;
    std::unique_ptr<Client> client_;
};

/// Fails the test unless `text` contains `words`; shows the text otherwise.
void requireContains(const std::string& text, const std::string& words,
                     std::source_location where = std::source_location::current());
void requireLacks(const std::string& text, const std::string& words,
                  std::source_location where = std::source_location::current());

} // namespace teehost::test
