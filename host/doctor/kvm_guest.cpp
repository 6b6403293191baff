// SPDX-License-Identifier: Apache-2.0
//
// The probe guest and the few KVM calls it takes (Documentation/virt/kvm/api.rst).
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <optional>

#include <csignal>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/unique_fd.h"
#include "host/doctor/kvm_probe.h"

namespace teehost::doctor {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr std::size_t kMemoryBytes = 2u << 20;
constexpr std::uint64_t kCodeAddress = 0x1000;
constexpr std::uint64_t kPml4 = 0x2000, kPdpt = 0x3000, kPageDirectory = 0x4000;
constexpr int kLoopIterations = 0x100000;
constexpr int kExits = 256;
constexpr int kDeadlineMs = 200;
constexpr double kWorksMs = 50; // hardware needs about 1 ms

// Ports the guest speaks on.
constexpr int kAfterLoop = 0x11, kAfterSse = 0x10, kExitPort = 0x12;

constexpr std::array<std::uint8_t, 27> kCode{
    0xB9, 0x00,       0x00, 0x10, 0x00, //    mov ecx, 0x100000
    0xFF, 0xC9,                         // l: dec ecx
    0x75, 0xFC,                         //    jnz l
    0xE6, kAfterLoop,                   //    out 0x11, al
    0x66, 0x0F,       0xEF, 0xC0,       //    pxor xmm0, xmm0
    0xE6, kAfterSse,                    //    out 0x10, al
    0x66, 0xB9,       0x00, 0x01,       //    mov cx, 256
    0xE6, kExitPort,                    // m: out 0x12, al
    0xFF, 0xC9,                         //    dec ecx
    0x75, 0xFA,                         //    jnz m
};

// SIGALRM's handler sets this in the shared kvm_run page, which makes KVM_RUN return.
std::atomic<kvm_run*> currentRun{nullptr};

void onAlarm(int)
{
    if (auto* run = currentRun.load())
        run->immediate_exit = 1;
}

void armDeadline()
{
    struct sigaction action {};
    action.sa_handler = onAlarm;
    ::sigaction(SIGALRM, &action, nullptr);
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    ::sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
    // Repeats, because a signal that arrives between two batches of interpretation may be missed.
    itimerval timer{};
    timer.it_value.tv_usec = kDeadlineMs * 1000;
    timer.it_interval.tv_usec = 5000;
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

[[noreturn]] void fail(const char* what) { throw systemError(Category::FailedPrecondition, what, errno); }

void put64(std::uint8_t* memory, std::uint64_t address, std::uint64_t value)
{
    std::memcpy(memory + address, &value, sizeof value);
}

kvm_segment flatSegment(std::uint16_t selector, std::uint8_t type, bool code)
{
    kvm_segment segment{};
    segment.limit = 0xFFFFFFFF;
    segment.selector = selector;
    segment.type = type;
    segment.present = 1;
    segment.s = 1;
    segment.g = 1;
    segment.l = code ? 1 : 0;
    segment.db = code ? 0 : 1;
    return segment;
}

/// 64-bit mode with one 2 MiB page (Intel SDM volume 3, sections 4.5 and 10.8.5).
void enterLongMode(int vcpu)
{
    kvm_sregs special{};
    if (::ioctl(vcpu, KVM_GET_SREGS, &special) != 0)
        fail("KVM_GET_SREGS");
    special.cr3 = kPml4;
    special.cr4 = 0x620;      // PAE, OSFXSR, OSXMMEXCPT
    special.cr0 = 0x80050033; // PG, AM, WP, NE, ET, MP, PE
    special.efer = 0x500;     // LMA, LME
    special.cs = flatSegment(8, 11, true);
    special.ds = special.es = special.fs = special.gs = special.ss = flatSegment(16, 3, false);
    if (::ioctl(vcpu, KVM_SET_SREGS, &special) != 0)
        fail("KVM_SET_SREGS");
    kvm_regs registers{};
    registers.rip = kCodeAddress;
    registers.rflags = 2;
    if (::ioctl(vcpu, KVM_SET_REGS, &registers) != 0)
        fail("KVM_SET_REGS");
}

/// A VM with 2 MiB of memory and one vCPU, ready to run the guest.
class Guest {
public:
    explicit Guest(int kvm)
    {
        vm_ = UniqueFd(::ioctl(kvm, KVM_CREATE_VM, 0ul));
        if (!vm_)
            fail("KVM_CREATE_VM");
        memory_ = ::mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED)
            fail("mmap of the probe guest's memory");
        auto* bytes = static_cast<std::uint8_t*>(memory_);
        std::memcpy(bytes + kCodeAddress, kCode.data(), kCode.size());
        bytes[kCodeAddress + kCode.size()] = 0xF4; // hlt
        put64(bytes, kPml4, kPdpt | 7);            // present, writable, user
        put64(bytes, kPdpt, kPageDirectory | 7);
        put64(bytes, kPageDirectory, 0x87); // a 2 MiB page at 0
        kvm_userspace_memory_region region{};
        region.memory_size = kMemoryBytes;
        region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory_);
        if (::ioctl(vm_.get(), KVM_SET_USER_MEMORY_REGION, &region) != 0)
            fail("KVM_SET_USER_MEMORY_REGION");
        vcpu_ = UniqueFd(::ioctl(vm_.get(), KVM_CREATE_VCPU, 0ul));
        if (!vcpu_)
            fail("KVM_CREATE_VCPU");
        const int size = ::ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
        runBytes_ =
            size < static_cast<int>(sizeof(kvm_run)) ? sizeof(kvm_run) : static_cast<std::size_t>(size);
        run_ = static_cast<kvm_run*>(
            ::mmap(nullptr, runBytes_, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_.get(), 0));
        if (run_ == MAP_FAILED)
            fail("mmap of kvm_run");
        enterLongMode(vcpu_.get());
    }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    ~Guest()
    {
        currentRun = nullptr;
        ::munmap(run_, runBytes_);
        ::munmap(memory_, kMemoryBytes);
    }

    KvmProbeResult run();

private:
    KvmProbeResult judge(std::optional<steady_clock::time_point> loopEnd, steady_clock::time_point start,
                         steady_clock::time_point sseEnd, int exits) const;

    UniqueFd vm_, vcpu_;
    void* memory_ = nullptr;
    kvm_run* run_ = nullptr;
    std::size_t runBytes_ = 0;
};

KvmProbeResult emulated(const std::string& seen)
{
    return {KvmVerdict::Emulated,
            seen + ": KVM here interprets guest kernel code, and an ordinary guest would never boot",
            "use TCG (qemu.enable_kvm=false) or a host with hardware virtualisation"};
}

KvmProbeResult Guest::run()
{
    currentRun = run_;
    armDeadline();
    const auto start = steady_clock::now();
    std::optional<steady_clock::time_point> loopEnd;
    auto sseEnd = start;
    int exits = 0;
    while (true) {
        if (::ioctl(vcpu_.get(), KVM_RUN, 0) != 0) {
            if (errno == EINTR)
                return emulated(
                    loopEnd ? "the probe guest did not finish within 200 ms"
                            : "the probe guest did not finish a loop of 2^20 iterations within 200 ms");
            fail("KVM_RUN");
        }
        switch (run_->exit_reason) {
        case KVM_EXIT_IO:
            if (run_->io.port == kAfterLoop)
                loopEnd = steady_clock::now();
            else if (run_->io.port == kAfterSse)
                sseEnd = steady_clock::now();
            else if (run_->io.port == kExitPort)
                ++exits;
            break;
        case KVM_EXIT_HLT:
            return judge(loopEnd, start, sseEnd, exits);
        case KVM_EXIT_INTERNAL_ERROR:
            return emulated("KVM could not emulate an instruction of the probe guest");
        case KVM_EXIT_FAIL_ENTRY:
            return {KvmVerdict::Broken,
                    "the processor refused to enter the probe guest, hardware reason " +
                        std::to_string(run_->fail_entry.hardware_entry_failure_reason),
                    "check the kernel's log"};
        default:
            return {KvmVerdict::Broken,
                    "the probe guest ended with KVM exit reason " + std::to_string(run_->exit_reason),
                    "check the kernel's log"};
        }
    }
}

KvmProbeResult Guest::judge(std::optional<steady_clock::time_point> loopEnd, steady_clock::time_point start,
                            steady_clock::time_point sseEnd, int exits) const
{
    if (!loopEnd || exits != kExits)
        return {KvmVerdict::Broken, "the probe guest halted after " + std::to_string(exits) + " of 256 exits",
                "check the kernel's log"};
    const auto loopMs = duration<double, std::milli>(*loopEnd - start).count();
    const auto exitMs = duration<double, std::milli>(steady_clock::now() - sseEnd).count();
    KvmProbeResult result;
    result.nsPerIteration = loopMs * 1e6 / kLoopIterations;
    result.nsPerExit = exitMs * 1e6 / kExits;
    result.verdict = loopMs < kWorksMs ? KvmVerdict::Works : KvmVerdict::Slow;
    result.message = result.verdict == KvmVerdict::Works
                         ? "a probe guest ran at the speed of hardware"
                         : "a probe guest ran, but took " + std::to_string(static_cast<int>(loopMs)) +
                               " ms for 2^20 iterations";
    return result;
}

} // namespace

KvmProbeResult probeKvmHere()
{
    const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm && errno == EACCES)
        return {KvmVerdict::NoAccess, "/dev/kvm may not be opened", "add the account to the group kvm"};
    if (!kvm)
        return {KvmVerdict::Missing, std::string("/dev/kvm cannot be opened: ") + std::strerror(errno),
                "load kvm_amd or kvm_intel, and enable virtualisation in the firmware"};
    if (::ioctl(kvm.get(), KVM_GET_API_VERSION, 0) != 12)
        return {KvmVerdict::Broken, "/dev/kvm does not speak version 12 of the KVM API", "update the kernel"};
    if (::ioctl(kvm.get(), KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) <= 0 ||
        ::ioctl(kvm.get(), KVM_CHECK_EXTENSION, KVM_CAP_IMMEDIATE_EXIT) <= 0)
        return {KvmVerdict::Broken, "KVM lacks user memory or immediate exits", "update the kernel"};
    try {
        return Guest(kvm.get()).run();
    } catch (const Error& error) {
        return {KvmVerdict::Broken, std::string("the probe guest could not run: ") + error.what(),
                "check the kernel's log"};
    }
}

} // namespace teehost::doctor
