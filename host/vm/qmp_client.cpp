// SPDX-License-Identifier: Apache-2.0
#include "host/vm/qmp_client.h"

#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/json.h"
#include "host/base/text.h"

namespace teehost::vm {
namespace {

constexpr std::size_t kMaxLineBytes = 1 << 20;

std::string reasonOf(const nlohmann::json& error)
{
    const auto given = error.is_object() ? error.find("desc") : error.end();
    const bool words = error.is_object() && given != error.end() && given->is_string();
    return words ? printable(given->get<std::string>()) : "no reason given";
}

} // namespace

QmpClient::QmpClient(asio::io_context& io, EventHandler events, std::shared_ptr<Signal> changed)
    : socket_(io), events_(std::move(events)), changed_(std::move(changed))
{
}

asio::awaitable<std::shared_ptr<QmpClient>>
QmpClient::connect(asio::io_context& io, std::filesystem::path socket, Clock::time_point deadline,
                   EventHandler events, std::shared_ptr<Signal> changed, std::function<bool()> abandoned)
{
    std::shared_ptr<QmpClient> client(new QmpClient(io, std::move(events), std::move(changed)));
    boost::system::error_code error;
    const asio::local::stream_protocol::endpoint endpoint(socket.string());
    co_await client->socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error)
        throw Error(Category::Unavailable, "cannot connect to QMP: " + error.message());
    client->connected_ = true;
    client->abandoned_ = std::move(abandoned);
    spawn(io, [client] { return client->read(); });
    while (!client->greeted_ && client->waitsUntil(deadline))
        co_await client->changed_->waitUntil(deadline);
    if (!client->greeted_)
        client->giveUp(deadline, "greet");
    co_await client->execute("qmp_capabilities", deadline - Clock::now());
    client->abandoned_ = {};
    co_return client;
}

bool QmpClient::waitsUntil(Clock::time_point deadline) const
{
    return connected_ && Clock::now() < deadline && !(abandoned_ && abandoned_());
}

/// Closes, because a late reply must not answer the next command, and says why.
void QmpClient::giveUp(Clock::time_point deadline, const std::string& what)
{
    const bool broken = !connected_;
    const bool late = Clock::now() >= deadline;
    close();
    if (broken)
        throw Error(Category::Unavailable, "the QMP connection broke before QEMU did " + what);
    if (late)
        throw Error(Category::DeadlineExceeded, "QEMU did not " + what + " on QMP in time");
    throw Error(Category::Cancelled, "nobody waits for QEMU to " + what + " any more");
}

asio::awaitable<nlohmann::json> QmpClient::execute(std::string command, Clock::duration limit)
{
    return execute(std::move(command), limit, nlohmann::json::object());
}

asio::awaitable<nlohmann::json> QmpClient::execute(std::string command, Clock::duration limit,
                                                   nlohmann::json arguments)
{
    const auto self = shared_from_this();
    if (!connected_)
        throw Error(Category::Unavailable, "the QMP connection is gone");
    const std::uint64_t id = nextId_++;
    nlohmann::json request{{"execute", command}, {"id", id}};
    if (!arguments.empty())
        request["arguments"] = std::move(arguments);
    const std::string line = request.dump() + "\n";
    pending_.emplace(id, nullptr);
    boost::system::error_code error;
    co_await asio::async_write(socket_, asio::buffer(line), asio::redirect_error(asio::use_awaitable, error));
    const auto deadline = Clock::now() + limit;
    while (!error && !pending_.at(id) && waitsUntil(deadline))
        co_await changed_->waitUntil(deadline);
    const auto reply = std::move(pending_.at(id));
    pending_.erase(id);
    if (!reply)
        giveUp(deadline, "answer " + command);
    if (const auto it = reply->find("error"); it != reply->end())
        throw Error(Category::FailedPrecondition, "QEMU refused " + command + ": " + reasonOf(*it));
    co_return reply->value("return", nlohmann::json::object());
}

asio::awaitable<void> QmpClient::read()
{
    const auto self = shared_from_this();
    boost::system::error_code error;
    while (!error) {
        const auto size =
            co_await asio::async_read_until(socket_, asio::dynamic_buffer(buffer_, kMaxLineBytes), '\n',
                                            asio::redirect_error(asio::use_awaitable, error));
        if (error)
            break;
        const std::string line = buffer_.substr(0, size);
        buffer_.erase(0, size);
        try {
            take(line);
        } catch (const std::exception&) {
            break; // not the protocol: nothing on this connection can be believed any more
        }
    }
    close();
}

void QmpClient::take(std::string_view line)
{
    const auto message = parseUntrustedJson(line);
    if (!message.is_object())
        throw InvalidArgument("a QMP message is not an object");
    if (message.contains("QMP"))
        greeted_ = true;
    else if (const auto event = message.find("event"); event != message.end() && event->is_string())
        events_(event->get<std::string>(), message.value("data", nlohmann::json::object()));
    else if (const auto id = message.find("id"); id != message.end() && id->is_number_unsigned())
        if (const auto waiting = pending_.find(id->get<std::uint64_t>()); waiting != pending_.end())
            waiting->second = std::make_shared<const nlohmann::json>(message);
    changed_->notify();
}

void QmpClient::close()
{
    if (!std::exchange(connected_, false))
        return;
    boost::system::error_code ignored;
    socket_.close(ignored);
    changed_->notify();
}

} // namespace teehost::vm
