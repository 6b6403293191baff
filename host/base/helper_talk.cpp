// SPDX-License-Identifier: Apache-2.0
#include "host/base/helper_talk.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
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
    pid_ = spawnHelper(argv, {input.theirs.get(), output.theirs.get(), words.theirs.get()});
    input_ = std::move(input.ours);
    output_ = std::move(output.ours);
    words_ = std::move(words.ours);
}

HelperTalk::~HelperTalk()
{
    ::kill(pid_, SIGKILL); // not yet reaped, so the pid is still ours
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

int HelperTalk::waitFor(int fd, short events) const
{
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
    pollfd poller{fd, events, 0};
    return left.count() <= 0 ? 0 : ::poll(&poller, 1, static_cast<int>(left.count()));
}

void HelperTalk::giveUp() const
{
    if (std::chrono::steady_clock::now() >= deadline_)
        throw Error(Category::DeadlineExceeded, "\"" + name_ + "\" did not answer in time");
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
        else if ((errno != EAGAIN && errno != EINTR) || waitFor(input_.get(), POLLOUT) <= 0)
            giveUp();
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
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR) || waitFor(output_.get(), POLLIN) <= 0) {
            giveUp();
        }
    }
    std::string answer = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return answer;
}

} // namespace teehost
