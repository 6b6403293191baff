// SPDX-License-Identifier: Apache-2.0
//
// The part of a VM's life until its guest is up: which signs of life are looked for, and how often.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "host/base/text.h"
#include "host/vm/console.h"
#include "host/vm/records.h"
#include "host/vm/user_network.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;

constexpr auto kBootProbeLimit = 1s;
// QEMU's user network sends a SYN that a booting guest did not answer again seconds later, so new connections
// are made all the time while the guest is about to answer; each one that is left reaches the guest late.
constexpr auto kEagerPause = 100ms;
constexpr auto kEagerFor = 10s; // after the guest has set up its network card
constexpr auto kBootPause = 500ms;
constexpr auto kBootPauseFor = 60s;
constexpr auto kPatientPause = 2s;
// A program that takes connections and never answers writes a line for each of them, for all that is known.
constexpr auto kSilentPortPause = 5s;
constexpr unsigned kSilencesUntilPatient = 3;
constexpr auto kTakingPause = 300ms; // for the guest's answer to a SYN
constexpr auto kConsolePause = 500ms;
constexpr std::size_t kShownConsoleLines = 5;

constexpr auto kGoOn = Journal::OnFailure::GoOn;

} // namespace

Clock::duration VmLife::probePause() const
{
    if (vm_->signal == UpSignal::Guest && silences_ >= kSilencesUntilPatient)
        return kSilentPortPause;
    const auto now = Clock::now();
    if (vm_->nicReady && now < nicReadySince_ + kEagerFor)
        return kEagerPause;
    return now < bootBegan_ + kBootPauseFor ? kBootPause : kPatientPause;
}

/// One question to the agent, which may outlive the VM's interest in the answer.
void VmLife::askAgent()
{
    if (vm_->upWhen() == UpWhen::None || !vm_->port)
        return;
    const std::weak_ptr<VmLife> weak = weak_from_this();
    auto* io = &supervisor_.io_;
    const bool booted = vm_->state != VmState::Booting;
    const std::chrono::milliseconds limit = booted ? kHealthLimit : kBootProbeLimit;
    const std::uint64_t number = ++probes_;
    auto ask = [weak, io, limit, number, address = supervisor_.probeAddress_, port = *vm_->port,
                last = lastAnswer_, launch = vm_->launchSerial]() -> asio::awaitable<void> {
        agent::Answer answer = co_await agent::probeAgent(*io, address, port, limit, last);
        const auto life = weak.lock();
        if (!life || life->vm_->launchSerial != launch)
            co_return;
        if (answer == agent::Answer::None && life->mayBeSilentServer()) {
            const bool taken = co_await life->isTaken(address, port);
            if (taken)
                answer = agent::Answer::Listens;
        }
        life->hear(answer, number);
    };
    spawn(*io, std::move(ask));
}

/// A guest whose network was heard, and that takes connections without a word for some time.
bool VmLife::mayBeSilentServer() const
{
    return vm_->signal >= UpSignal::Guest && (vm_->agentAnswered || silences_ + 1 >= kSilencesUntilPatient) &&
           vm_->qmp && vm_->qmp->connected();
}

/// Whether the guest, and not only QEMU, takes a connection to the agent's port. Connections that were there
/// before say nothing: they stay in QEMU's table while a guest hangs.
asio::awaitable<bool> VmLife::isTaken(std::string address, std::uint16_t port)
{
    auto* io = &supervisor_.io_;
    const std::size_t before = co_await countTaken();
    asio::ip::tcp::socket socket(*io);
    boost::system::error_code error;
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
    if (!error)
        co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error)
        co_return false;
    asio::steady_timer timer(*io, kTakingPause);
    co_await expiry(timer);
    const std::size_t after = co_await countTaken();
    co_return after > before;
}

/// The connections to the agent's port that the guest has taken, by QEMU's table; 0 when QEMU does not tell.
asio::awaitable<std::size_t> VmLife::countTaken()
{
    const auto qmp = vm_->qmp;
    if (!qmp || !qmp->connected())
        co_return 0;
    const nlohmann::json arguments{{"command-line", "info usernet"}};
    std::string table;
    try {
        const nlohmann::json answer = co_await qmp->execute("human-monitor-command", kHealthLimit, arguments);
        if (answer.is_string())
            table = answer.get<std::string>();
    } catch (const Error&) {
        // A QEMU without that table, or a monitor that fails: the connection is closed then, and made again.
    }
    co_return countEstablished(
        table, static_cast<std::uint16_t>(supervisor_.settings_.number("qemu.guest_fwd_agent")));
}

/// `number` is that of the probe: several are under way, and an older answer says nothing after a newer one.
void VmLife::hear(agent::Answer answer, std::uint64_t number)
{
    if (number < heardProbe_)
        return;
    if (answer == agent::Answer::None) {
        ++silences_;
        return;
    }
    silences_ = 0;
    heardProbe_ = number;
    lastAnswer_ = vm_->answer = answer;
    if (isHealthy(vm_->upWhen(), answer))
        agentHealth_.answered = true;
    const bool listens = agent::isListening(answer);
    vm_->agentAnswered = vm_->agentAnswered || listens;
    const UpSignal heard = listens ? UpSignal::Port : UpSignal::Guest;
    const UpSignal before = std::exchange(vm_->signal, heard);
    if (before == heard)
        return;
    if (hasRun(vm_->state)) {
        const std::map<std::string, std::string> fields{{"signal", std::string(signalName(heard))}};
        if (listens)
            supervisor_.note(*vm_, "agent-open",
                             "a program listens on the agent's port (" +
                                 std::string(agent::answerName(answer)) + ")",
                             fields);
        else if (before == UpSignal::Port)
            supervisor_.note(*vm_, "agent-closed", "the agent closed its port; the guest's network answers",
                             fields);
        supervisor_.journal_.save(toRow(*vm_, vm_->state));
    }
    vm_->changed->notify();
}

/// Reads on in the console, on the pool, while the VM has given no other sign.
void VmLife::lookAtConsole()
{
    const auto marker = supervisor_.settings_.text("agent.boot_marker");
    if (vm_->signal != UpSignal::None || marker.empty() || lookingAtConsole_ ||
        Clock::now() < nextConsoleLook_)
        return;
    nextConsoleLook_ = Clock::now() + kConsolePause;
    if (!marker_)
        marker_ = std::make_shared<MarkerSearch>(vm_->dirs->paths().consoleLog(), marker, vm_->consoleStart);
    lookingAtConsole_ = true;
    const std::weak_ptr<VmLife> weak = weak_from_this();
    auto look = [weak, pool = &supervisor_.pool_, search = marker_]() -> asio::awaitable<void> {
        auto work = [search] { return search->look(); };
        const bool found = co_await onPool(*pool, work);
        const auto life = weak.lock();
        if (!life || life->marker_ != search)
            co_return;
        life->lookingAtConsole_ = false;
        if (found && life->vm_->signal == UpSignal::None) {
            life->vm_->signal = UpSignal::Console;
            life->vm_->changed->notify();
        }
    };
    spawn(supervisor_.io_, std::move(look));
}

asio::awaitable<void> VmLife::becomeUp()
{
    if (vm_->state != VmState::Booting || !isUp(vm_->upWhen(), vm_->signal))
        co_return;
    const std::string address = supervisor_.agentAddress_ + ":" + std::to_string(*vm_->port);
    const std::string message = upMessage(vm_->upWhen(), vm_->signal, vm_->answer, address);
    const std::map<std::string, std::string> fields{{"signal", std::string(signalName(vm_->signal))}};
    co_await supervisor_.transition(vm_, VmState::Running, message, kGoOn, fields);
}

std::string VmLife::bootTrouble() const
{
    switch (vm_->signal) {
    case UpSignal::None:
        return "the guest gave no sign of life";
    case UpSignal::Console:
        return "the guest booted, but its network is silent";
    case UpSignal::Guest:
    case UpSignal::Port:
        break;
    }
    return "no program listens on the agent's port";
}

/// Tells once that a guest is not up in time; throws when the VM is to be ended for it.
void VmLife::judgeBootTime()
{
    if (vm_->wasUp || bootTimeoutTold_ || Clock::now() < bootDeadline_)
        return;
    bootTimeoutTold_ = true;
    const std::string message = bootTrouble() + " within " + formatDuration(bootDeadline_ - bootBegan_) +
                                consoleSays(vm_->dirs->paths().consoleLog(), kShownConsoleLines);
    if (vm_->spec.endOnBootTimeout)
        throw Error(Category::DeadlineExceeded, message,
                    "read the console with `teehost console`; check the guest image, or raise "
                    "vm.boot_timeout_" +
                        vm_->spec.accel);
    supervisor_.log_.warning("a guest is not up in time",
                             {{"vm", vm_->spec.id.text()}, {"signal", std::string(signalName(vm_->signal))}});
    supervisor_.note(*vm_, "boot-timeout", message + "\nthe VM goes on",
                     {{"signal", std::string(signalName(vm_->signal))}});
}

/// Asks for signs of life where it is time; gives the time of the next look.
Clock::time_point VmLife::lookForSigns()
{
    if (vm_->nicReady && nicReadySince_ == Clock::time_point()) {
        nicReadySince_ = Clock::now();
        nextProbe_ = nicReadySince_;
    }
    if (Clock::now() >= nextProbe_) {
        askAgent();
        nextProbe_ = Clock::now() + probePause();
    }
    if (vm_->upWhen() == UpWhen::Guest)
        lookAtConsole();
    const Clock::time_point next = std::min(nextProbe_, Clock::now() + kConsolePause);
    return bootTimeoutTold_ ? next : std::min(next, std::max(bootDeadline_, Clock::now()));
}

/// Waits for the first sign of life. A VM that was up already, which a new daemon has taken up, is watched
/// on.
asio::awaitable<void> VmLife::boot()
{
    const auto& settings = supervisor_.settings_;
    const auto limit =
        settings.duration(vm_->spec.accel == "kvm" ? "vm.boot_timeout_kvm" : "vm.boot_timeout_tcg");
    bootBegan_ = Clock::now();
    bootDeadline_ = bootBegan_ + (limit.count() == 0 ? kForever : Clock::duration(limit));
    bootTimeoutTold_ = false;
    // After its first minute the guest is waited for while it is watched.
    const Clock::time_point end = std::min(bootDeadline_, bootBegan_ + kBootPauseFor);
    while (!vm_->stop && !vm_->qemu->ended() && !vm_->wasUp && Clock::now() < end) {
        co_await followPause();
        co_await becomeUp();
        if (vm_->wasUp)
            co_return;
        const Clock::time_point wake = lookForSigns();
        co_await vm_->changed->waitUntil(wake);
    }
}

} // namespace teehost::vm
