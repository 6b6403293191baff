// SPDX-License-Identifier: Apache-2.0
#include "load/load.h"

#include <atomic>
#include <deque>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <thread>

#include "load/bench_daemon.h"

namespace teehost::test {
namespace {

using Clock = std::chrono::steady_clock;
using grpc::StatusCode;

/// What the clients of a load share.
class Tally {
public:
    void count(const grpc::Status& status, const std::string& what)
    {
        if (status.ok())
            return;
        if (status.error_code() == StatusCode::RESOURCE_EXHAUSTED) {
            ++refused;
            return;
        }
        const std::lock_guard lock(mutex_);
        if (failure_.empty())
            failure_ =
                what + ": status " + std::to_string(status.error_code()) + ", " + status.error_message();
    }
    void requireNoFailure()
    {
        const std::lock_guard lock(mutex_);
        if (!failure_.empty())
            throw std::runtime_error(failure_);
    }

    std::atomic<std::uint64_t> created{0}, removed{0}, refused{0};

private:
    std::mutex mutex_;
    std::string failure_;
};

/// Keeps up to `share` VMs: fills up, removes the oldest, creates another, until the time is over; then
/// removes those it has left, if `clear`.
class Tenant {
public:
    Tenant(const BenchDaemon& daemon, std::size_t share, Tally& tally)
        : client_(daemon.client()), share_(share), tally_(tally)
    {
    }

    void fill()
    {
        // One that is refused is not tried again here: the limit is the same a moment later.
        for (std::size_t tries = 0; vms_.size() < share_ && tries < share_; ++tries)
            create();
    }
    void churnUntil(Clock::time_point end)
    {
        while (Clock::now() < end) {
            removeOldest();
            create();
        }
    }
    void clear()
    {
        while (!vms_.empty())
            removeOldest();
    }

private:
    void create()
    {
        const auto answer = client_->call(&Host::CreateVm, v1::CreateVmRequest());
        tally_.count(answer.status, "CreateVm");
        if (!answer.status.ok())
            return;
        ++tally_.created;
        vms_.push_back(answer.body.vm().id());
    }
    void removeOldest()
    {
        if (vms_.empty())
            return;
        v1::RemoveVmRequest request;
        request.set_id(vms_.front());
        vms_.pop_front();
        tally_.count(client_->call(&Host::RemoveVm, request).status, "RemoveVm");
        ++tally_.removed;
    }

    std::unique_ptr<Client> client_;
    std::size_t share_;
    Tally& tally_;
    std::deque<std::string> vms_;
};

using Tenants = std::vector<std::unique_ptr<Tenant>>;

template <class Work>
void atOnce(Tenants& tenants, Work work)
{
    std::vector<std::thread> threads;
    for (auto& tenant : tenants)
        threads.emplace_back([&work, tenant = tenant.get()] { work(*tenant); });
    for (auto& thread : threads)
        thread.join();
}

void requireEqual(const std::string& what, std::size_t before, std::size_t after)
{
    if (before != after)
        throw std::runtime_error(what + ": " + std::to_string(before) + " before, " + std::to_string(after) +
                                 " after");
}

/// What the daemon takes once it has had as many connections and VMs at a time as it will have. Its threads
/// come with its work: gRPC starts and ends them as calls need them, so the least of some looks is compared.
Footprint atRest(const BenchDaemon& daemon)
{
    constexpr int kLooks = 20;
    Footprint least = daemon.footprint();
    for (int i = 1; i < kLooks; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        auto now = daemon.footprint();
        now.threads = std::min(now.threads, least.threads);
        now.files = std::min(now.files, least.files);
        least = now;
    }
    return least;
}

Footprint withOneVm(const BenchDaemon& daemon, Tally& tally)
{
    Tenant single(daemon, 1, tally);
    single.fill();
    const auto one = atRest(daemon);
    single.clear();
    return one;
}

void requireBack(const Footprint& before, const Footprint& after)
{
    requireEqual("file descriptors of the daemon", before.files, after.files);
    requireEqual("children of the daemon", before.children, after.children);
    requireEqual("rows of the store", before.rows, after.rows);
    requireEqual("directories of VMs", before.directories, after.directories);
}

} // namespace

void runLoad(const LoadOptions& options)
{
    BenchDaemon daemon(options.vms);
    Tally tally;
    Tenants tenants;
    for (std::size_t i = 0; i < options.clients; ++i) {
        const auto share = options.vms / options.clients + (i < options.vms % options.clients ? 1 : 0);
        tenants.push_back(std::make_unique<Tenant>(daemon, share, tally));
    }
    // Once around, so that connections, thread pools and caches are there before anything is counted.
    atOnce(tenants, [](Tenant& tenant) { tenant.fill(); });
    atOnce(tenants, [](Tenant& tenant) { tenant.clear(); });
    tally.requireNoFailure();
    const auto none = atRest(daemon);

    const auto one = withOneVm(daemon, tally);

    const auto createdBefore = tally.created.load();
    atOnce(tenants, [](Tenant& tenant) { tenant.fill(); });
    const auto full = atRest(daemon);
    const auto living = daemon.client()->listVms().size();
    const auto churnStart = Clock::now();
    const auto end = churnStart + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(options.seconds));
    const auto churnedBefore = tally.created.load();
    atOnce(tenants, [end](Tenant& tenant) { tenant.churnUntil(end); });
    const std::chrono::duration<double> churned = Clock::now() - churnStart;
    const auto churnedVms = tally.created.load() - churnedBefore;
    atOnce(tenants, [](Tenant& tenant) { tenant.clear(); });
    tally.requireNoFailure();

    const auto perVm = living < 2
                           ? 0.0
                           : (static_cast<double>(full.residentKiB) - static_cast<double>(one.residentKiB)) /
                                 static_cast<double>(living - 1);
    std::cout << std::fixed << std::setprecision(1) << "load: " << tally.created - createdBefore
              << " VMs created, " << tally.refused << " refused, " << living << " at a time; "
              << static_cast<double>(churnedVms) / std::max(churned.count(), 0.001)
              << " creates and removes/s; daemon: " << static_cast<double>(full.residentKiB) / 1024
              << " MiB resident, " << perVm << " KiB a VM; threads " << one.threads << " with 1 VM, "
              << full.threads << " with " << living << std::endl;

    // gRPC's own threads may come and go by a few with its calls; a thread a VM would be dozens.
    constexpr std::size_t kThreadsOfChance = 3;
    if (living >= 10 && full.threads > one.threads + kThreadsOfChance)
        throw std::runtime_error("the daemon's threads grow with its VMs");
    requireBack(none, atRest(daemon));
    if (const auto now = atRest(daemon).threads; now > none.threads + kThreadsOfChance)
        requireEqual("threads of the daemon", none.threads, now);
    tenants.clear();
    daemon.terminate();
}

} // namespace teehost::test
