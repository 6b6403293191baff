// SPDX-License-Identifier: Apache-2.0
//
// Measures what a VM costs beside its QEMU: creating and removing one through teehostd, with a stand-in for
// QEMU that has no machine, against starting the same stand-in bare, greeting its monitor, telling it to quit
// and reaping it.
//
//     create_ratio [RUNS]
//
// The parts of both calls are the times between the VM's events.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/ratio.h"
#include "support/client.h"
#include "support/daemon.h"
#include "support/proc.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

using bench::median;
using bench::secondsOf;
using Clock = std::chrono::steady_clock;

/// A QEMU that is listened for on a socket of ours, as teehostd does it.
class Bare {
public:
    Bare(const Stage& stage, std::vector<std::string> arguments)
    {
        const std::string path = stage.scratch / "bare.sock";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        ::unlink(path.c_str());
        const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener, 1) != 0)
            throw std::runtime_error("cannot listen on " + path);
        const int quiet = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        pid_ = ::fork();
        if (pid_ == 0) {
            std::vector<char*> argv;
            for (auto& argument : arguments)
                argv.push_back(argument.data());
            argv.push_back(nullptr);
            ::dup2(listener, STDIN_FILENO);
            ::dup2(quiet, STDERR_FILENO); // it warns of the network card that it has not
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
        ::close(listener);
        ::close(quiet);
        monitor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(monitor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("cannot connect to " + path);
        hear("QMP");
        say("{\"execute\":\"qmp_capabilities\"}\n");
        hear("return");
    }
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;
    ~Bare()
    {
        ::close(monitor_);
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    void quit()
    {
        say("{\"execute\":\"quit\"}\n");
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    void say(const std::string& line)
    {
        if (::write(monitor_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            throw std::runtime_error("cannot write to the monitor");
    }
    void hear(const std::string& word)
    {
        std::string heard;
        char block[4096];
        while (heard.find(word) == std::string::npos || heard.back() != '\n') {
            const auto got = ::read(monitor_, block, sizeof block);
            if (got <= 0)
                throw std::runtime_error("the stand-in ended: " + heard);
            heard.append(block, static_cast<std::size_t>(got));
        }
    }

    pid_t pid_ = -1;
    int monitor_ = -1;
};

double secondsOf(const google::protobuf::Timestamp& at) { return double(at.seconds()) + 1e-9 * at.nanos(); }

/// The stand-in with the arguments that it keeps of a VM's, on a port that no VM has.
std::vector<std::string> bareCommand(const Stage& stage, const v1::Vm& vm)
{
    auto arguments = argvOf(vm.pid());
    const std::string port = ":" + std::to_string(vm.agent_port()) + "-";
    for (auto& argument : arguments)
        if (const auto at = argument.find(port); at != std::string::npos)
            argument.replace(at, port.size(), ":" + std::to_string(stage.ports.high()) + "-");
    arguments.front() = stage.scratch / "qemu-wrapper";
    return arguments;
}

class Bench {
public:
    Bench()
        : daemon_(stage_,
                  {.settings = with(quickSettings(stage_), {{"qemu.bin_path", standInQemu(stage_)},
                                                            {"qemu.host_fwd_range", stage_.ports.text(8)},
                                                            {"vm.memory_reserve", "0"},
                                                            {"qemu.memory.size", "64M"}})}),
          client_(daemon_.grpcAddress())
    {
        const auto model = client_.createVm(); // stays, so that its directories do
        command_ = bareCommand(stage_, model);
    }

    void run(int runs)
    {
        for (int i = 0; i <= runs; ++i) {
            once();
            if (i == 0) // the first one of each warms up
                all_.clear();
        }
        const auto part = [this](const char* name) { return 1e3 * median(all_.at(name)); };
        std::printf("create: ratio %.2f (limit 2.0), medians %.1f and %.1f ms\n", median(all_["create/"]),
                    part("create"), part("bare create"));
        std::printf(
            "  to the row %.1f (the request, validation, plugins, store), to QEMU held %.1f (directories, "
            "spawn, store), to the guest %.1f (QEMU, QMP), to the answer %.1f (store synced)\n",
            part("preparing"), part("launching"), part("booting"), part("answer"));
        std::printf("remove: ratio %.2f (limit 2.0), medians %.1f and %.1f ms\n", median(all_["remove/"]),
                    part("remove"), part("bare remove"));
        std::printf(
            "  to the stop %.1f, to QEMU reaped %.1f (QMP), to the files gone %.1f (store, directories), to "
            "the answer %.1f (store twice, synced)\n",
            part("stopping"), part("cleaning"), part("stopped"), part("gone"));
        std::printf("both: ratio %.2f (limit 2.0)\n", median(all_["both/"]));
    }

private:
    void once()
    {
        v1::Vm vm;
        const auto wall = [] {
            return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
        };
        std::map<v1::VmState, double> at;
        const double asked = wall();
        const double create = bench::secondsOf([&] { vm = client_.createVm(); });
        const double answered = wall();
        v1::RemoveVmRequest request;
        request.set_id(vm.id());
        request.set_force(true);
        const double askedRemove = wall();
        const double remove =
            bench::secondsOf([&] { requireOk(client_.call(&Host::RemoveVm, request).status); });
        const double gone = wall();
        for (const auto& event : client_.events(vm.id()))
            if (event.kind() == "state")
                at[event.state()] = secondsOf(event.at());
        std::unique_ptr<Bare> bare;
        const double start = bench::secondsOf([&] { bare = std::make_unique<Bare>(stage_, command_); });
        const double quit = bench::secondsOf([&] { bare->quit(); });
        const std::map<std::string, double> values{
            {"create", create},
            {"remove", remove},
            {"bare create", start},
            {"bare remove", quit},
            {"create/", create / start},
            {"remove/", remove / quit},
            {"both/", (create + remove) / (start + quit)},
            {"preparing", at[v1::VM_STATE_PREPARING] - asked},
            {"launching", at[v1::VM_STATE_LAUNCHING] - at[v1::VM_STATE_PREPARING]},
            {"booting", at[v1::VM_STATE_BOOTING] - at[v1::VM_STATE_LAUNCHING]},
            {"answer", answered - at[v1::VM_STATE_BOOTING]},
            {"stopping", at[v1::VM_STATE_STOPPING] - askedRemove},
            {"cleaning", at[v1::VM_STATE_CLEANING] - at[v1::VM_STATE_STOPPING]},
            {"stopped", at[v1::VM_STATE_STOPPED] - at[v1::VM_STATE_CLEANING]},
            {"gone", gone - at[v1::VM_STATE_STOPPED]}};
        for (const auto& [name, value] : values)
            all_[name].push_back(value);
    }

    Stage stage_;
    Daemon daemon_;
    Client client_;
    std::vector<std::string> command_;
    std::map<std::string, std::vector<double>> all_;
};

} // namespace
} // namespace teehost::test

int main(int argc, char** argv)
{
    try {
        teehost::test::Bench().run(argc > 1 ? std::atoi(argv[1]) : 20);
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "create_ratio: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
