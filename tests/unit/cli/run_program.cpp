// SPDX-License-Identifier: Apache-2.0
#include "run_program.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cppunit/TestAssert.h>

namespace teehost::cli::test {
namespace {

constexpr int kPatienceMs = 30'000;
constexpr unsigned short kTerminalColumns = 60;

struct Ends {
    int ours, theirs;
};

void closeOnExec(int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }

Ends makePipe()
{
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0)
        throw std::runtime_error("cannot make a pipe");
    return {fds[0], fds[1]};
}

Ends makeTerminal()
{
    Ends ends{};
    winsize size{24, kTerminalColumns, 0, 0};
    if (::openpty(&ends.ours, &ends.theirs, nullptr, nullptr, &size) != 0)
        throw std::runtime_error("cannot make a terminal");
    closeOnExec(ends.ours);
    closeOnExec(ends.theirs);
    return ends;
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> out;
    for (auto& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    posix_spawnattr_t attributes; // the tests block signals; the program shall not
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t pid = -1;
    const int error = posix_spawn(&pid, arguments.front().c_str(), &actions, &attributes,
                                  pointers(arguments).data(), pointers(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        throw std::runtime_error("cannot start " + arguments.front());
    return pid;
}

} // namespace

Program::Program(const std::vector<std::string>& arguments, Stdout kind,
                 const std::vector<std::string>& environment, const std::string& program)
{
    std::vector<std::string> argv{program};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    std::vector<std::string> env = environment; // of two entries for a name the first counts
    env.insert(env.end(), {"PATH=/usr/bin:/bin", "TERM=xterm"});
    if (const char* options = std::getenv("LSAN_OPTIONS")) // the sanitizer's, see CMakeLists.txt
        env.push_back(std::string("LSAN_OPTIONS=") + options);
    const Ends out = kind == Stdout::Terminal ? makeTerminal() : makePipe();
    const Ends err = makePipe();
    pid_ = spawn(std::move(argv), std::move(env), out.theirs, err.theirs);
    ::close(out.theirs);
    ::close(err.theirs);
    out_ = out.ours;
    err_ = err.ours;
}

Program::~Program()
{
    for (const int fd : {out_, err_})
        if (fd >= 0)
            ::close(fd);
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void Program::readInto(int& fd, std::string& text)
{
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) { // EIO is the end of a terminal
        ::close(fd);
        fd = -1;
    }
}

void Program::readSome()
{
    pollfd fds[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}}; // poll passes over negative descriptors
    if (::poll(fds, 2, kPatienceMs) == 0)
        CPPUNIT_FAIL("teehost hangs; output so far: " + result_.out + result_.err);
    if (fds[0].revents != 0)
        readInto(out_, result_.out);
    if (fds[1].revents != 0)
        readInto(err_, result_.err);
}

void Program::awaitOutput(const std::string& text)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
    while (result_.out.find(text) == std::string::npos) {
        if (out_ < 0 || std::chrono::steady_clock::now() > deadline)
            CPPUNIT_FAIL("\"" + text + "\" is not in: " + result_.out + result_.err);
        readSome();
    }
}

void Program::signal(int number) const { ::kill(pid_, number); }

Result Program::wait()
{
    while (out_ >= 0 || err_ >= 0)
        readSome();
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    result_.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return result_;
}

Result run(const std::vector<std::string>& arguments, Stdout kind,
           const std::vector<std::string>& environment, const std::string& program)
{
    return Program(arguments, kind, environment, program).wait();
}

} // namespace teehost::cli::test
