// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/computing.h"

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "cvms.pb.h"

#include "guest/agent/compute/manifest.h"
#include "guest/agent/compute/sandbox.h"
#include "guest/agent/compute/sandbox_runner.h"

namespace teehost::guest {
namespace {

constexpr const char* kWorkplace = "/run/computation";

/// Returns the sentence that the service is told when `body` fails, else an empty one.
template <class Body>
std::string unlessRefused(Body&& body)
{
    try {
        body();
        return {};
    } catch (const std::exception& e) {
        return e.what();
    }
}

/// The two requests of the service; each throws to refuse.
struct Handlers {
    std::function<void(Manifest)> begin;
    std::function<void(const std::string& id)> stop;
};

cvms::ClientStreamMessage begin(const Handlers& handlers, const cvms::RunReqChunks& request)
{
    cvms::ClientStreamMessage reply;
    auto& answer = *reply.mutable_run_res();
    answer.set_computation_id(request.id());
    answer.set_error(unlessRefused([&] {
        auto manifest = parseManifest(request.data());
        answer.set_computation_id(manifest.id);
        handlers.begin(std::move(manifest));
    }));
    return reply;
}

cvms::ClientStreamMessage stop(const Handlers& handlers, const std::string& id)
{
    cvms::ClientStreamMessage reply;
    reply.mutable_stopcomputationres()->set_computation_id(id);
    reply.mutable_stopcomputationres()->set_message(unlessRefused([&] { handlers.stop(id); }));
    return reply;
}

void serveRequests(const Handlers& handlers, const GuestParts& parts)
{
    try {
        for (;;) {
            const auto request = parts.downlink->receive();
            if (request && request->has_runreqchunks())
                parts.uplink->reply(begin(handlers, request->runreqchunks()));
            else if (request && request->has_stopcomputation())
                parts.uplink->reply(stop(handlers, request->stopcomputation().computation_id()));
        }
    } catch (const std::exception& e) {
        parts.console.line(e.what(), LogLevel::Error);
    }
}

/// Serves the requests in a thread that ends with the process.
void startServing(Handlers handlers, const GuestParts& parts)
{
    if (parts.downlink != nullptr && parts.uplink != nullptr)
        std::thread([handlers = std::move(handlers), &parts] { serveRequests(handlers, parts); }).detach();
}

Computation::Origin originOf(Management management)
{
    if (management == Management::Unknown)
        throw std::runtime_error("the VM's environment could not be read as a whole, so that nobody can tell "
                                 "who may bring an algorithm; the console says what is wrong with it");
    return management == Management::Service ? Computation::Origin::Manifest : Computation::Origin::Anybody;
}

} // namespace

struct Computing::Parts {
    explicit Parts(const GuestParts& guest)
        : workplace(kWorkplace, Workplace::Storage::Tmpfs, kSandboxUser),
          runner(workplace.work(), guest.parameters.runLimit, guest.console),
          computation(originOf(guest.management()), workplace, runner, guest.console),
          service(computation, workplace)
    {
    }

    Workplace workplace;
    SandboxRunner runner;
    Computation computation;
    ComputationService service;
};

Computing::Computing(const GuestParts& parts) : parts_(std::make_unique<Parts>(parts))
{
    if (parts.management() == Management::Nobody) {
        parts.console.line(
            "no computation-management service is named: whoever reaches the port may have one "
            "algorithm run");
        return;
    }
    auto& computation = parts_->computation;
    startServing({[&](Manifest manifest) { computation.begin(std::move(manifest)); },
                  [&](const std::string& id) { computation.stop(id); }},
                 parts);
}

void refuseComputations(const GuestParts& parts, const std::string& words)
{
    parts.console.event(GuestEvent::RunFailed);
    startServing({[words](const Manifest&) { throw std::runtime_error(words); },
                  [words](const std::string&) { throw std::runtime_error(words); }},
                 parts);
}

Computing::~Computing() = default;

ComputationService& Computing::service() noexcept { return parts_->service; }

} // namespace teehost::guest
