// SPDX-License-Identifier: Apache-2.0
//
// How much longer does teehostd take from its start to its first answered call than a bare gRPC server of the
// same library? Both run in turn:
//
//     first_call [--pairs N] PORT -- teehostd ARGUMENT...
//
// The arguments must make the daemon listen on localhost:PORT. The call is that of gRPC's health service,
// tried anew until it is answered.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <signal.h>
#include <spawn.h>
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
    const auto server = builder.BuildAndStart();
    if (!server)
        std::exit(1);
    for (;;)
        ::pause();
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
    const auto call =
        stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::ByteBuffer(), &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok && status.ok();
}

double secondsToFirstCall(const std::string& address, std::vector<char*> command)
{
    command.push_back(nullptr);
    pid_t pid = 0;
    const auto start = Clock::now();
    if (::posix_spawnp(&pid, command[0], nullptr, nullptr, command.data(), environ) != 0) {
        std::fprintf(stderr, "first_call: %s does not start\n", command[0]);
        std::exit(1);
    }
    bool served = false;
    while (!(served = answers(address)) && Clock::now() - start < kPatience)
        std::this_thread::sleep_for(1ms);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
    if (!served) {
        std::fprintf(stderr, "first_call: %s does not answer\n", command[0]);
        std::exit(1);
    }
    return seconds;
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
    std::vector<double> ours, other, ratios;
    for (int i = 0; i < pairs; ++i) {
        ours.push_back(secondsToFirstCall(address, daemon));
        other.push_back(secondsToFirstCall(address, server));
        ratios.push_back(ours.back() / other.back());
    }
    using teehost::bench::median;
    std::printf(
        "start to first call, teehostd to a bare gRPC server: ratio %.2f (limit 2.0), medians %.0f and "
        "%.0f ms\n",
        median(ratios), 1e3 * median(ours), 1e3 * median(other));
}
