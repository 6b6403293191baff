// SPDX-License-Identifier: Apache-2.0
#include "chaos/operations.h"

#include <algorithm>
#include <csignal>
#include <initializer_list>
#include <thread>

#include "support/client.h"
#include "support/proc.h"

namespace teehost::test {
namespace {

using namespace std::chrono_literals;
using grpc::StatusCode;

constexpr auto kCallLimit = 4s;
constexpr std::size_t kMostVms = 11; // of the ports of a stage, with room for creates whose answer is lost

bool contains(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

/// No answer of the daemon, but of gRPC in its place: what was asked for may have happened.
bool isLost(const grpc::Status& status)
{
    switch (status.error_code()) {
    case StatusCode::UNAVAILABLE: // gRPC's for a connection that broke or was refused
        return !contains(status.error_message(), "the daemon is stopping") &&
               !contains(status.error_message(), "the store cannot be written");
    case StatusCode::DEADLINE_EXCEEDED:
    case StatusCode::CANCELLED:
    case StatusCode::UNKNOWN:
        return true;
    case StatusCode::INTERNAL: // a stream that was reset; or a bug, with an incident
        return contains(status.error_message(), "RST_STREAM");
    default:
        return false;
    }
}

class ChaosClient {
public:
    ChaosClient(const std::string& address, Ledger& ledger) : client_(address), ledger_(ledger) {}

    void run(const Operation& op)
    {
        const auto vm = ledger_.pick(op.pick);
        switch (op.act) {
        case Act::Create:
            return ledger_.size() < kMostVms ? create(requestFor(op)) : remove(vm, op.force);
        case Act::CreateAgain:
            return last_.idempotency_key().empty() ? list() : create(last_);
        case Act::Stop:
            return stop(vm, op.force);
        case Act::Remove:
            return remove(vm, op.force);
        case Act::List:
            return list();
        case Act::Get:
            return get(vm);
        case Act::Watch:
            return watch(op.lasts);
        case Act::Console:
            return console(vm);
        case Act::KillQemu:
            return killQemu(vm, op.signal);
        case Act::StallQemu:
            return stallQemu(vm, op.lasts);
        }
    }

private:
    static v1::CreateVmRequest requestFor(const Operation& op)
    {
        v1::CreateVmRequest request;
        if (op.keyed)
            request.set_idempotency_key(op.name);
        request.mutable_agent()->set_client_key(std::string(kCanary) + " " + op.name + "\n");
        request.mutable_agent()->set_aws_secret_access_key(std::string(kCanary) + " " + op.name);
        (*request.mutable_labels())[kLabel] = op.name;
        request.set_max_restarts(op.maxRestarts);
        if (op.ttl)
            request.mutable_ttl()->set_seconds(op.ttl->count());
        return request;
    }

    void create(const v1::CreateVmRequest& request)
    {
        last_ = request;
        const auto& name = request.labels().at(kLabel);
        ledger_.tries(name);
        const auto answer = client_.call(&Host::CreateVm, request, kCallLimit);
        if (answer.status.ok())
            ledger_.created(answer.body.vm());
        else if (isLost(answer.status))
            ledger_.lost(name);
        else
            expect("create " + name, answer.status,
                   {StatusCode::RESOURCE_EXHAUSTED, StatusCode::FAILED_PRECONDITION, StatusCode::ABORTED,
                    StatusCode::UNAVAILABLE});
    }

    void stop(const std::string& vm, bool force)
    {
        if (vm.empty())
            return;
        ledger_.touched(vm);
        v1::StopVmRequest request;
        request.set_id(vm);
        request.set_force(force);
        const auto answer = client_.call(&Host::StopVm, request, kCallLimit);
        if (answer.status.ok())
            ledger_.stopped(vm);
        expectOfVm("stop", vm, answer.status);
    }

    void remove(const std::string& vm, bool force)
    {
        if (vm.empty())
            return;
        ledger_.triesToRemove(vm);
        v1::RemoveVmRequest request;
        request.set_id(vm);
        request.set_force(force);
        const auto answer = client_.call(&Host::RemoveVm, request, kCallLimit);
        if (answer.status.ok())
            ledger_.removed(vm);
        expectOfVm("remove", vm, answer.status);
    }

    void list()
    {
        v1::ListVmsRequest request;
        request.set_include_ended(true);
        expect("list", client_.call(&Host::ListVms, request, kCallLimit).status, {});
    }

    void get(const std::string& vm)
    {
        v1::GetVmRequest request;
        request.set_id(vm);
        if (!vm.empty())
            expectOfVm("get", vm, client_.call(&Host::GetVm, request, kCallLimit).status);
    }

    void watch(Milliseconds lasts)
    {
        v1::WatchEventsRequest request;
        request.set_follow(true);
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::max<Milliseconds>(lasts, 20ms));
        const auto reader = client_.host().WatchEvents(&context, request);
        std::uint64_t last = 0;
        for (v1::Event event; reader->Read(&event); last = event.seq()) {
            ledger_.hears(event);
            if (event.seq() <= last)
                ledger_.complain("event " + std::to_string(event.seq()) + " follows event " +
                                 std::to_string(last));
        }
        expect("watch", reader->Finish(), {});
    }

    void console(const std::string& vm)
    {
        if (vm.empty())
            return;
        v1::ReadConsoleRequest request;
        request.set_vm_id(vm);
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
        const auto reader = client_.host().ReadConsole(&context, request);
        for (v1::ConsoleChunk chunk; reader->Read(&chunk);) {
        }
        expectOfVm("console", vm, reader->Finish());
    }

    void killQemu(const std::string& vm, int signal)
    {
        if (vm.empty())
            return;
        ledger_.touched(vm);
        for (const pid_t qemu : processesWith(vm))
            ::kill(qemu, signal);
    }

    static void stallQemu(const std::string& vm, Milliseconds lasts)
    {
        if (vm.empty())
            return;
        const auto qemus = processesWith(vm);
        for (const pid_t qemu : qemus)
            ::kill(qemu, SIGSTOP);
        if (lasts == 0ms)
            return; // until the end of the round
        std::this_thread::sleep_for(lasts);
        for (const pid_t qemu : qemus)
            if (const auto now = processesWith(vm); std::find(now.begin(), now.end(), qemu) != now.end())
                ::kill(qemu, SIGCONT);
    }

    void expectOfVm(const std::string& what, const std::string& vm, const grpc::Status& status)
    {
        if (status.error_code() == StatusCode::NOT_FOUND && ledger_.mayBeGone(vm))
            return;
        expect(what + " VM " + vm, status, {StatusCode::UNAVAILABLE});
    }

    void expect(const std::string& what, const grpc::Status& status, std::initializer_list<StatusCode> codes)
    {
        if (!status.ok() && !isLost(status) &&
            std::find(codes.begin(), codes.end(), status.error_code()) == codes.end())
            ledger_.complain(what + " was answered with status " + std::to_string(status.error_code()) +
                             ": " + status.error_message());
    }

    Client client_;
    Ledger& ledger_;
    v1::CreateVmRequest last_;
};

} // namespace

void runClient(const std::string& address, const std::vector<Operation>& operations, Ledger& ledger,
               const std::atomic<bool>& over)
{
    ChaosClient client(address, ledger);
    for (const auto& op : operations) {
        std::this_thread::sleep_for(op.after);
        if (over)
            return;
        client.run(op);
    }
}

} // namespace teehost::test
