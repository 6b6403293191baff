// SPDX-License-Identifier: Apache-2.0
#include "host/api/create_call.h"

#include "host/base/error.h"

namespace teehost::api {
namespace {

using vm::CreateTicket;
using vm::Supervisor;

asio::awaitable<void> run(Supervisor& supervisor, std::shared_ptr<CreateTicket> ticket,
                          std::function<launch::VmRequest()> request,
                          std::function<void(const vm::VmView&)> respond)
{
    const auto timer = std::make_shared<asio::steady_timer>(supervisor.io());
    timer->expires_after(supervisor.settings().duration("grpc.timeout"));
    timer->async_wait([ticket, timer](const boost::system::error_code& cancelled) {
        if (!cancelled)
            ticket->giveUp(Category::DeadlineExceeded);
    });
    std::exception_ptr error;
    try {
        auto wanted = request();
        const auto view = co_await supervisor.create(std::move(wanted), ticket);
        respond(view);
    } catch (...) {
        error = std::current_exception();
    }
    timer->cancel();
    if (error)
        std::rethrow_exception(error);
}

} // namespace

grpc::ServerUnaryReactor* createVm(Supervisor& supervisor, const Log& log,
                                   std::function<launch::VmRequest()> request,
                                   std::function<void(const vm::VmView&)> respond)
{
    const auto ticket = std::make_shared<CreateTicket>(supervisor.io());
    // gRPC cancels a call whose deadline has passed, too; its own status for that reaches the client.
    const auto giveUp = [&supervisor, ticket] {
        asio::post(supervisor.io(), [ticket] { ticket->giveUp(Category::Cancelled); });
    };
    auto* reactor = new CancellableReactor(giveUp);
    const auto create = [&supervisor, ticket, request = std::move(request), respond = std::move(respond)] {
        return run(supervisor, ticket, request, respond);
    };
    spawn(supervisor.io(), create,
          [reactor, &log](std::exception_ptr error) { reactor->Finish(toStatus(error, log)); });
    return reactor;
}

} // namespace teehost::api
