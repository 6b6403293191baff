// SPDX-License-Identifier: Apache-2.0
//
// Time from starting QEMU until the agent in its guest answers, which is what a caller of CreateVm waits for:
//
//     boot_to_agent [--runs N] [--timeout SECONDS] --bare -- qemu-system-x86_64 ARGUMENT...
//
// The arguments must forward a port of the host to the agent (hostfwd=tcp:ADDRESS:PORT-:7002). QEMU accepts
// connections to it from the first moment, so only bytes count: the SETTINGS frame with which an HTTP/2
// server opens (RFC 9113, 3.4).
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/unique_fd.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using teehost::UniqueFd;
using Seconds = std::chrono::duration<double>;

constexpr auto kProbeInterval = 20ms;
constexpr auto kAnswerTimeout = 100ms;

struct Options {
    unsigned runs = 3;
    Seconds timeout{300};
    std::vector<char*> command; ///< ends with a null pointer
};

struct Sample {
    Seconds wall;
    Seconds cpu; ///< of the QEMU process
};

/// The child's end is certain: no benchmark leaves a VM behind.
class Child {
public:
    explicit Child(const std::vector<char*>& command)
    {
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        const int error = ::posix_spawnp(&pid_, command[0], &actions, nullptr, command.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0)
            throw std::system_error(error, std::generic_category(),
                                    std::string("cannot start ") + command[0]);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child()
    {
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    [[nodiscard]] bool running()
    {
        ended_ = ended_ || ::waitpid(pid_, nullptr, WNOHANG) == pid_;
        return !ended_;
    }

    /// CPU time so far: fields 14 and 15 of proc(5) stat, which follow the parenthesised name.
    [[nodiscard]] Seconds cpu() const
    {
        std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
        stat.ignore(4096, ')');
        std::string skipped;
        for (int field = 3; field < 14; ++field)
            stat >> skipped;
        double user = 0;
        double system = 0;
        stat >> user >> system;
        return Seconds((user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
    }

private:
    pid_t pid_ = -1;
    bool ended_ = false;
};

std::uint16_t forwardedPort(std::span<char* const> command)
{
    constexpr std::string_view kForward = "hostfwd=tcp:";
    for (const std::string_view argument : command) {
        const auto begin = argument.find(kForward);
        const auto colon = argument.find(':', begin == argument.npos ? begin : begin + kForward.size());
        std::uint16_t port = 0;
        if (colon != argument.npos &&
            std::from_chars(argument.data() + colon + 1, argument.data() + argument.size(), port).ec ==
                std::errc())
            return port;
    }
    throw std::invalid_argument("the command forwards no port: it needs hostfwd=tcp:ADDRESS:PORT-:7002");
}

bool answers(std::uint16_t port)
{
    const UniqueFd connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return false;
    // The client's preface: a fixed text, then an empty SETTINGS frame (RFC 9113, 3.4 and 6.5).
    constexpr std::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    if (::send(connection.get(), kPreface.data(), kPreface.size(), MSG_NOSIGNAL) < 0)
        return false;
    pollfd readable{connection.get(), POLLIN, 0};
    std::array<unsigned char, 9> frame{}; // length (3 bytes), type, flags, stream (4)
    constexpr unsigned char kSettings = 4;
    return ::poll(&readable, 1, std::chrono::milliseconds(kAnswerTimeout).count()) == 1 &&
           ::recv(connection.get(), frame.data(), frame.size(), MSG_WAITALL) ==
               static_cast<ssize_t>(frame.size()) &&
           frame[3] == kSettings;
}

Sample measureBare(const Options& options)
{
    const auto port = forwardedPort(std::span(options.command).first(options.command.size() - 1));
    if (answers(port))
        throw std::runtime_error("something answers on port " + std::to_string(port) + " already");
    const auto start = steady_clock::now();
    Child qemu(options.command);
    while (qemu.running()) {
        if (answers(port))
            return {steady_clock::now() - start, qemu.cpu()};
        if (steady_clock::now() - start > options.timeout)
            throw std::runtime_error("no answer in time");
        std::this_thread::sleep_for(kProbeInterval);
    }
    throw std::runtime_error("QEMU ended before the agent answered");
}

double median(std::vector<Sample> samples, Seconds Sample::*member)
{
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end(),
                     [&](const Sample& a, const Sample& b) { return a.*member < b.*member; });
    return ((*middle).*member).count();
}

Options parseOptions(int argc, char** argv)
{
    Options options;
    bool bare = false;
    int i = 1;
    const auto number = [&] { return i + 1 < argc ? std::atoi(argv[++i]) : 0; };
    for (; i < argc && std::string_view(argv[i]) != "--"; ++i) {
        const std::string_view option = argv[i];
        if (option == "--bare")
            bare = true;
        else if (option == "--runs")
            options.runs = static_cast<unsigned>(std::max(number(), 1));
        else if (option == "--timeout")
            options.timeout = Seconds(std::max(number(), 1));
        else
            throw std::invalid_argument("unknown option " + std::string(option));
    }
    if (!bare || i + 1 >= argc)
        throw std::invalid_argument(
            "usage: boot_to_agent [--runs N] [--timeout SECONDS] --bare -- QEMU ARGUMENT...");
    options.command.assign(argv + i + 1, argv + argc + 1); // with the null pointer that ends argv
    return options;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        const auto options = parseOptions(argc, argv);
        std::vector<Sample> samples;
        for (unsigned run = 0; run < options.runs; ++run) {
            samples.push_back(measureBare(options));
            std::printf("bare run %u: %.2f s wall, %.2f s CPU\n", run + 1, samples.back().wall.count(),
                        samples.back().cpu.count());
            std::fflush(stdout);
        }
        std::printf("bare median: %.2f s wall, %.2f s CPU\n", median(samples, &Sample::wall),
                    median(samples, &Sample::cpu));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "boot_to_agent: %s\n", error.what());
        return 1;
    }
}
