// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "load/bench_daemon.h"
#include "load/load.h"
#include "support/wait.h"

namespace teehost::test {
namespace {

constexpr std::size_t kCreators = 8;

double msOf(const std::string& time) // "2026-11-22T00:01:51.703Z": only differences within a day count
{
    const auto number = [&time](std::size_t at, std::size_t size) {
        return std::stod(time.substr(at, size));
    };
    return ((number(11, 2) * 60 + number(14, 2)) * 60 + number(17, 6)) * 1000;
}

struct Times {
    double first = -1, serves = -1, adopted = -1; ///< ms of the day
    std::size_t count = 0;                        ///< VMs adopted
};

Times timesOf(const std::string& log)
{
    Times times;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (!entry.is_object() || !entry.contains("time"))
            continue;
        const double at = msOf(entry.at("time"));
        if (times.first < 0)
            times.first = at;
        if (entry.value("msg", "") == "teehostd serves")
            times.serves = at;
        if (entry.value("kind", "") == "adopted") {
            times.adopted = at;
            ++times.count;
        }
    }
    return times;
}

void createAll(const BenchDaemon& daemon, std::size_t vms)
{
    std::vector<std::thread> threads;
    std::vector<grpc::Status> results(kCreators);
    for (std::size_t i = 0; i < kCreators; ++i)
        threads.emplace_back([&daemon, &result = results[i], mine = vms / kCreators + (i < vms % kCreators)] {
            const auto client = daemon.client();
            for (std::size_t n = 0; n < mine && result.ok(); ++n)
                result = client->call(&Host::CreateVm, v1::CreateVmRequest()).status;
        });
    for (auto& thread : threads)
        thread.join();
    for (const auto& result : results)
        requireOk(result);
}

std::map<std::string, pid_t> processesOf(Client& client)
{
    std::map<std::string, pid_t> all;
    for (const auto& vm : client.listVms())
        all[vm.id()] = vm.pid();
    return all;
}

} // namespace

void runAdoption(std::size_t vms)
{
    BenchDaemon daemon(vms);
    createAll(daemon, vms);
    const auto before = processesOf(*daemon.client());
    if (before.size() != vms)
        throw std::runtime_error("of " + std::to_string(vms) + " VMs only " + std::to_string(before.size()) +
                                 " are there");
    daemon.crash();
    daemon.start();
    waitUntil("all VMs are adopted", [&] { return timesOf(daemon.log()).count >= vms; });
    const auto client = daemon.client();
    if (processesOf(*client) != before)
        throw std::runtime_error("the VMs do not have the processes they had");
    const auto times = timesOf(daemon.log());
    std::cout << std::fixed << std::setprecision(0) << "adoption of " << vms << " VMs: serves "
              << times.serves - times.first << " ms after its first log line, all are adopted "
              << times.adopted - times.first << " ms after it" << std::endl;
    for (const auto& [id, pid] : before)
        client->removeVm(id);
    daemon.terminate();
}

} // namespace teehost::test
