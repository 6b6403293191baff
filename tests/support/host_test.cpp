// SPDX-License-Identifier: Apache-2.0
#include "support/host_test.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <cppunit/Asserter.h>
#include <cppunit/SourceLine.h>
#include <cppunit/TestAssert.h>

#include "support/proc.h"

namespace teehost::test {
namespace {

constexpr std::size_t kShownBytes = 4000;
constexpr std::chrono::seconds kHelpersEnd{5};

[[noreturn]] void failAt(const std::string& message, const std::source_location& where)
{
    CppUnit::Asserter::fail(message, CppUnit::SourceLine(where.file_name(), static_cast<int>(where.line())));
}

std::string entriesOf(const std::filesystem::path& directory)
{
    std::string names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
        names += " " + entry.path().filename().string();
    return names;
}

/// What is left, in words; empty when nothing is.
std::string traces(const Stage& stage, Daemon& daemon)
{
    std::string left = daemon.accident();
    for (const pid_t pid : processesWith(daemon.guestName()))
        left += "; process " + std::to_string(pid) + " runs";
    for (const auto& directory : {stage.runtime() / "vm", stage.state() / "vm"})
        if (const auto names = entriesOf(directory); !names.empty())
            left += "; " + directory.string() + " holds" + names;
    for (const auto& listener : listeners())
        if (listener.port >= stage.ports.low() && listener.port <= stage.ports.high())
            left += "; port " + std::to_string(listener.port) + " listens";
    if (daemon.runs())
        for (const pid_t child : childrenOf(daemon.pid()))
            left +=
                "; the daemon has the child " + std::to_string(child) + " (" + statusOf(child, "State") + ")";
    return left;
}

std::string tail(const std::string& text)
{
    return text.size() <= kShownBytes ? text : "[...]" + text.substr(text.size() - kShownBytes);
}

} // namespace

void assertClean(const Stage& stage, Daemon& daemon, std::source_location where)
{
    // A daemon that has just been started serves while helpers of its look at the host; they end by
    // themselves.
    const auto deadline = std::chrono::steady_clock::now() + kHelpersEnd;
    while (daemon.runs() && !childrenOf(daemon.pid()).empty() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (const auto left = traces(stage, daemon); !left.empty())
        failAt("something is left or wrong: " + left, where);
}

void waitUntilClean(const Stage& stage, Daemon& daemon, std::source_location where)
{
    try {
        waitUntil("nothing is left",
                  [&] { return traces(stage, daemon).empty() || !daemon.accident().empty(); });
    } catch (const std::exception&) {
        assertClean(stage, daemon, where);
    }
}

void HostTest::setUp() { stage_ = std::make_unique<Stage>(); }

void HostTest::tearDown()
{
    if (daemon_) {
        if (daemon_->runs())
            endDaemon();
        assertClean();
    }
    daemon_.reset();
    stage_.reset();
}

void HostTest::endDaemon()
{
    client_.reset();
    CPPUNIT_ASSERT_EQUAL_MESSAGE("the daemon's exit status after SIGTERM", 0, daemon_->terminate());
}

Daemon& HostTest::startDaemon(const Settings& changes, DaemonOptions options)
{
    return startExactly(with(quickSettings(*stage_), changes), std::move(options));
}

Daemon& HostTest::startExactly(const Settings& settings, DaemonOptions options)
{
    options.settings = settings;
    options_ = options;
    daemon_ = std::make_unique<Daemon>(*stage_, options);
    client_ = std::make_unique<Client>(daemon_->grpcAddress());
    return *daemon_;
}

void HostTest::crashDaemon()
{
    client_.reset();
    daemon_->crash();
}

Daemon& HostTest::startAgain(const Settings& changes, std::map<std::string, std::string> environment)
{
    if (daemon_) {
        CPPUNIT_ASSERT(!daemon_->runs());
        daemon_->leaveVms();
        daemon_.reset();
    }
    options_.environment = std::move(environment);
    return startExactly(with(options_.settings, changes), options_);
}

v1::Vm HostTest::runVm(const v1::CreateVmRequest& request, std::source_location where)
{
    const auto vm = client().createVm(request, where);
    return client().waitForState(vm.id(), v1::VM_STATE_RUNNING, where);
}

void requireContains(const std::string& text, const std::string& words, std::source_location where)
{
    if (text.find(words) == std::string::npos)
        failAt("\"" + words + "\" is not in:\n" + tail(text), where);
}

void requireLacks(const std::string& text, const std::string& words, std::source_location where)
{
    if (text.find(words) != std::string::npos)
        failAt("\"" + words + "\" is in:\n" + tail(text), where);
}

} // namespace teehost::test
