// SPDX-License-Identifier: Apache-2.0
//
// Compares how long teehostd and a bare gRPC server of the same library take from their start to their first
// answered call. Both run in turn:
//
//     first_call [--pairs N] PORT -- teehostd ARGUMENT...
//
// The arguments must make the daemon listen on localhost:PORT, which must be free. The call is that of gRPC's
// health service, tried anew until it is answered.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "bench/ratio.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 20s;

/// Serves nothing but health until it is killed.
[[noreturn]] void serveBare(const std::string& address)
{
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    const auto queue =
        builder.AddCompletionQueue(); // gRPC starts no server that has neither service nor queue
    const auto server = builder.BuildAndStart();
    if (!server)
        std::exit(1);
    void* tag = nullptr;
    bool ok = false;
    for (;;)
        static_cast<void>(queue->Next(&tag, &ok));
}

/// One Check() of grpc.health.v1, whose request and answer are empty but for the status.
bool answers(const std::string& address)
{
    grpc::ChannelArguments fresh; // no connection of an earlier try is used again, nor its back-off
    fresh.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    grpc::GenericStub stub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), fresh));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 1s);
    grpc::CompletionQueue queue;
    const grpc::Slice empty; // a buffer without any slice is no message to gRPC 1.51's own health service
    const auto call =
        stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::ByteBuffer(&empty, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok && status.ok();
}

/// Tells whether something listens on localhost:`port`.
bool isTaken(const char* port)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo("localhost", port, &hints, &found) != 0)
        return false;
    bool taken = false;
    for (const addrinfo* one = found; one != nullptr && !taken; one = one->ai_next) {
        const int fd = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
        if (fd < 0)
            continue;
        taken = ::connect(fd, one->ai_addr, one->ai_addrlen) == 0;
        ::close(fd);
    }
    ::freeaddrinfo(found);
    return taken;
}

[[noreturn]] void giveUp(const char* subject, const char* what)
{
    std::fprintf(stderr, "first_call: %s %s\n", subject, what);
    std::exit(1);
}

/// A server's start to its first answered call, and what it takes up then.
struct Start {
    double seconds = 0, threads = 0, residentMiB = 0;
};

/// A number of /proc/PID/status (proc(5)): "Threads" or "VmRSS", the latter in KiB.
double statusOf(pid_t pid, const std::string& name)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name + ":"))
            return std::strtod(line.c_str() + name.size() + 1, nullptr);
    return 0;
}

/// The port is free before the start and the child still lives afterwards: so it is the child that answered.
Start startOf(const std::string& address, std::vector<char*> command)
{
    if (isTaken(address.c_str() + address.rfind(':') + 1))
        giveUp(address.c_str(), "is taken by another server; name a free port");
    command.push_back(nullptr);
    pid_t pid = 0;
    const auto start = Clock::now();
    if (::posix_spawnp(&pid, command[0], nullptr, nullptr, command.data(), environ) != 0)
        giveUp(command[0], "does not start");
    bool served = false;
    while (!(served = answers(address)) && Clock::now() - start < kPatience)
        std::this_thread::sleep_for(1ms);
    const Start out{std::chrono::duration<double>(Clock::now() - start).count(), statusOf(pid, "Threads"),
                    statusOf(pid, "VmRSS") / 1024};
    if (::waitpid(pid, nullptr, WNOHANG) != 0)
        giveUp(command[0], "ended before it was asked to");
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
    if (!served)
        giveUp(command[0], "does not answer");
    return out;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc == 3 && std::strcmp(argv[1], "--bare") == 0)
        serveBare(argv[2]);
    int first = 1, pairs = 11;
    if (argc > 3 && std::strcmp(argv[1], "--pairs") == 0) {
        pairs = std::atoi(argv[2]);
        first = 3;
    }
    if (argc < first + 3 || std::strcmp(argv[first + 1], "--") != 0 || pairs < 1) {
        std::fputs("usage: first_call [--pairs N] PORT -- teehostd ARGUMENT...\n", stderr);
        return 2;
    }
    std::string address = std::string("localhost:") + argv[first];
    char bare[] = "--bare";
    const std::vector<char*> daemon(argv + first + 2, argv + argc), server{argv[0], bare, address.data()};
    std::vector<Start> ours, other;
    for (int i = 0; i < pairs; ++i) {
        ours.push_back(startOf(address, daemon));
        other.push_back(startOf(address, server));
    }
    const auto medianOf = [](const std::vector<Start>& starts, double Start::*part) {
        std::vector<double> values;
        for (const auto& start : starts)
            values.push_back(start.*part);
        return teehost::bench::median(values);
    };
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i)
        ratios.push_back(ours[i].seconds / other[i].seconds);
    std::printf(
        "start to first call, teehostd to a bare gRPC server: ratio %.2f (limit 2.0), medians %.0f and "
        "%.0f ms\n",
        teehost::bench::median(ratios), 1e3 * medianOf(ours, &Start::seconds),
        1e3 * medianOf(other, &Start::seconds));
    std::printf("then: %.0f threads to %.0f, %.0f MiB resident to %.0f\n", medianOf(ours, &Start::threads),
                medianOf(other, &Start::threads), medianOf(ours, &Start::residentMiB),
                medianOf(other, &Start::residentMiB));
}
