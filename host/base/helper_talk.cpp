// SPDX-License-Identifier: Apache-2.0
#include "host/base/helper_talk.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/helper_spawn.h"
#include "host/base/text.h"

namespace teehost {
namespace {

constexpr std::size_t kMaxAnswerBytes = 8u << 20;
constexpr std::size_t kMaxWords = 500;

struct Channel {
    UniqueFd ours, theirs;
};

/// Ours does not block. A socket, so that a helper that has ended is an error to write to and not a signal.
Channel channel()
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        throw systemError(Category::ResourceExhausted, "cannot make a socket pair", errno);
    Channel out{UniqueFd(pair[0]), UniqueFd(pair[1])};
    ::fcntl(out.ours.get(), F_SETFL, O_NONBLOCK);
    return out;
}

} // namespace

HelperTalk::HelperTalk(const std::vector<std::string>& argv, std::chrono::steady_clock::time_point deadline)
    : name_(argv.at(0)), deadline_(deadline)
{
    Channel input = channel(), output = channel(), words = channel();
    // Who talks to it may be killed; it does not end of itself when it reads the end of its input.
    std::vector<std::string> line{"setpriv", "--pdeathsig", "KILL", "--"};
    line.insert(line.end(), argv.begin(), argv.end());
    pid_ = spawnHelper(line, {input.theirs.get(), output.theirs.get(), words.theirs.get()});
    input_ = std::move(input.ours);
    output_ = std::move(output.ours);
    words_ = std::move(words.ours);
}

HelperTalk::~HelperTalk() { killAndReap(pid_); }

void HelperTalk::waitFor(int fd, short events) const
{
    while (true) {
        // Rounded up, so that what poll takes for the end is the end.
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            throw Error(Category::DeadlineExceeded, "\"" + name_ + "\" did not answer in time");
        pollfd poller{fd, events, 0};
        if (::poll(&poller, 1, static_cast<int>(left.count())) > 0)
            return;
    }
}

void HelperTalk::ended() const
{
    std::string words(kMaxWords, '\0');
    const auto got = ::read(words_.get(), words.data(), words.size());
    words.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    throw Error(Category::FailedPrecondition,
                "\"" + name_ + "\" ended: " + (words.empty() ? "it said nothing" : printable(trim(words))));
}

void HelperTalk::send(std::string_view text)
{
    while (!text.empty()) {
        const auto sent = ::send(input_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent >= 0)
            text.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN || errno == EINTR)
            waitFor(input_.get(), POLLOUT);
        else
            ended();
    }
}

std::string HelperTalk::ask(const std::string& line)
{
    send(line + "\n");
    std::array<char, 65536> buffer;
    std::size_t end = unread_.find('\n');
    while (end == std::string::npos) {
        const auto got = ::read(output_.get(), buffer.data(), buffer.size());
        if (got > 0) {
            const std::size_t before = unread_.size();
            unread_.append(buffer.data(), static_cast<std::size_t>(got));
            if (unread_.size() > kMaxAnswerBytes)
                throw Error(Category::FailedPrecondition, "\"" + name_ + "\" answers without end");
            end = unread_.find('\n', before);
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            waitFor(output_.get(), POLLIN);
        } else {
            ended();
        }
    }
    std::string answer = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return answer;
}

} // namespace teehost
