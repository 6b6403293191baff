// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/computing.h"

#include <optional>
#include <string>
#include <thread>

#include "cvms.pb.h"

#include "guest/agent/compute/manifest.h"
#include "guest/agent/compute/sandbox.h"
#include "guest/agent/compute/sandbox_runner.h"

namespace teehost::guest {
namespace {

constexpr const char* kWorkplace = "/run/computation";

/// What the service is told: nothing when it was done, else a sentence.
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

cvms::ClientStreamMessage begin(Computation& computation, const cvms::RunReqChunks& request)
{
    cvms::ClientStreamMessage reply;
    auto& answer = *reply.mutable_run_res();
    answer.set_computation_id(request.id());
    answer.set_error(unlessRefused([&] {
        auto manifest = parseManifest(request.data());
        answer.set_computation_id(manifest.id);
        computation.begin(std::move(manifest));
    }));
    return reply;
}

cvms::ClientStreamMessage stop(Computation& computation, const std::string& id)
{
    cvms::ClientStreamMessage reply;
    reply.mutable_stopcomputationres()->set_computation_id(id);
    reply.mutable_stopcomputationres()->set_message(unlessRefused([&] { computation.stop(id); }));
    return reply;
}

void serveRequests(Computation& computation, const GuestParts& parts)
{
    try {
        for (;;) {
            const auto request = parts.downlink->receive();
            if (request && request->has_runreqchunks())
                parts.uplink->reply(begin(computation, request->runreqchunks()));
            else if (request && request->has_stopcomputation())
                parts.uplink->reply(stop(computation, request->stopcomputation().computation_id()));
        }
    } catch (const std::exception& e) {
        parts.console.line(e.what(), LogLevel::Error);
    }
}

} // namespace

struct Computing::Parts {
    explicit Parts(const GuestParts& guest)
        : workplace(kWorkplace, Workplace::Storage::Tmpfs, kSandboxUser),
          runner(workplace.work(), guest.parameters.runLimit, guest.console),
          computation(guest.isManaged() ? Computation::Origin::Manifest : Computation::Origin::Anybody,
                      workplace, runner, guest.console),
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
    if (!parts.isManaged()) {
        parts.console.line(
            "no computation-management service is named: whoever reaches the port may have one "
            "algorithm run");
        return;
    }
    if (parts.downlink != nullptr && parts.uplink != nullptr)
        std::thread([&computation = parts_->computation, &parts] {
            serveRequests(computation, parts);
        }).detach();
}

Computing::~Computing() = default;

ComputationService& Computing::service() noexcept { return parts_->service; }

} // namespace teehost::guest
