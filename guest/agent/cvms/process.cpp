// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/process.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <grpc/support/log.h>

#include "guest/agent/cvms/client.h"
#include "guest/agent/cvms/downlink.h"
#include "guest/agent/cvms/message.h"
#include "guest/agent/filesystems.h"
#include "guest/agent/system_call.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kMaxPemBytes = 1u << 20; // as the daemon takes them
constexpr int kNice = 10;
constexpr const char* kKilledFirst = "1000"; // /proc/PID/oom_score_adj, proc(5)
constexpr uid_t kNobody = 65534;
constexpr Outbox::Bounds kBounds{};

/// Takes records out of the uplink into the outbox, and SIGTERM for the end, in a thread of its own.
class Collector {
public:
    Collector(const Uplink& uplink, const ClientSettings& settings, Outbox& outbox)
        : uplink_(uplink), settings_(settings), outbox_(outbox)
    {
        // Blocked before there is another thread, which would inherit the old mask and be ended by it.
        sigset_t term;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        check(::sigprocmask(SIG_BLOCK, &term, nullptr), "cannot block SIGTERM");
        terminated_.reset(check(::signalfd(-1, &term, SFD_CLOEXEC), "cannot make a signalfd"));
        // Detached: it ends with the process, which must not wait for records.
        std::thread([this] { run(); }).detach();
    }

private:
    void run()
    {
        pollfd watched[] = {{uplink_.receiver(), POLLIN, 0}, {terminated_.get(), POLLIN, 0}};
        while ((watched[1].revents & POLLIN) == 0) {
            if (::poll(watched, std::size(watched), -1) < 0 && errno != EINTR)
                break;
            takeAll();
        }
        takeAll(); // what PID 1 had to say before it sent the signal
        outbox_.finish();
    }

    void takeAll()
    {
        char record[Uplink::kMaxRecordBytes];
        for (;;) {
            const auto size = ::recv(uplink_.receiver(), record, sizeof record, MSG_TRUNC);
            if (size < 0)
                return;
            if (static_cast<std::size_t>(size) <= sizeof record)
                take(record, static_cast<int>(size));
        }
    }

    void take(const char* record, int size)
    {
        cvms::ClientStreamMessage message;
        if (!message.ParseFromArray(record, size) ||
            !(message.has_agent_log() || message.has_agent_event() || message.has_run_res() ||
              message.has_stopcomputationres()))
            return; // the agent's process speaks to everybody, and may be somebody else's by now
        if (const auto level = levelOf(message); level && *level < settings_.level)
            return;
        if (!hasComputation(message))
            setComputation(message, settings_.computation);
        outbox_.push(std::move(message));
    }

    const Uplink& uplink_;
    const ClientSettings& settings_;
    Outbox& outbox_;
    UniqueFd terminated_;
};

std::string readPem(const std::string& path)
{
    auto text = path.empty() ? std::string() : readFile(path, kMaxPemBytes);
    if (!path.empty() && text.empty())
        throw std::runtime_error(path + " is empty");
    return text;
}

void stepBack()
{
    ::setpriority(PRIO_PROCESS, 0, kNice);
    if (const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)); file) [[maybe_unused]]
        const auto written = ::write(file.get(), kKilledFirst, sizeof "1000" - 1);
    check(::prctl(PR_SET_DUMPABLE, 0), "cannot keep the memory to myself");
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "cannot give up new privileges");
    check(::setgroups(0, nullptr), "cannot give up groups");
    check(::setresgid(kNobody, kNobody, kNobody), "cannot give up the group");
    check(::setresuid(kNobody, kNobody, kNobody), "cannot give up the user");
}

void talk(const Environment& environment, const Console& console, const Uplink& uplink,
          const Downlink& downlink)
{
    const auto settings = clientSettings(environment);
    const TlsFiles files{readPem(settings.ca_certificates), readPem(settings.certificate),
                         readPem(settings.key)};
    checkTlsFiles(files);
    stepBack();
    gpr_set_log_function(
        [](gpr_log_func_args*) {}); // what matters comes as a status, and stderr is the console
    if (!settings.remark.empty())
        console.line(settings.remark, LogLevel::Warning);
    // The outbox is never destroyed: the detached thread uses them until the process ends.
    auto& outbox = *new Outbox(kBounds);
    new Collector(uplink, *new ClientSettings(settings), outbox);
    runClient(settings, credentialsOf(files), outbox, Backoff(randomNumbers()),
              {[&](LogLevel level, std::string_view text) { console.line(text, level); },
               {[&] { return uplink.agentState(); },
                [&](const cvms::ServerStreamMessage& request) { return downlink.send(request); }}});
}

} // namespace

void runCvmsProcess(const Environment& environment, const Console& console, const Uplink& uplink,
                    const Downlink& downlink)
{
    try {
        talk(environment, console, uplink, downlink);
    } catch (const std::exception& e) {
        console.line(std::string("the computation-management service is not dialed: ") + e.what(),
                     LogLevel::Error);
    }
}

} // namespace teehost::guest
