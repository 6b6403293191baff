// SPDX-License-Identifier: Apache-2.0
#include "host/launch/fw_cfg.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/launch/qtest.h"
#include "host/launch/spawn.h"

namespace teehost::launch {
namespace {

using namespace std::chrono_literals;
using Bytes = std::vector<std::uint8_t>;

constexpr auto kLimit = 20s;
constexpr std::size_t kMostKnown = 16;

// docs/specs/fw_cfg.rst
constexpr std::uint16_t kDmaHigh = 0x514, kDmaLow = 0x518;
constexpr std::uint16_t kDirectory = 0x19;
constexpr std::size_t kEntryBytes = 64, kNameBytes = 56, kMostEntries = 1024;
constexpr std::uint32_t kMostFileBytes = 2u << 20;
constexpr std::uint32_t kRead = 0x02, kSelect = 0x08;
// Memory of the machine that nothing uses while no vCPU runs.
constexpr std::uint64_t kDescriptor = 1u << 20, kBuffer = 2u << 20;

void putBig(Bytes& out, std::uint64_t value, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t big(std::span<const std::uint8_t> bytes)
{
    std::uint32_t value = 0;
    for (const std::uint8_t byte : bytes)
        value = value << 8 | byte;
    return value;
}

constexpr std::uint32_t swapped(std::uint32_t value)
{
    return value >> 24 | (value >> 8 & 0xFF00) | (value << 8 & 0xFF'0000) | value << 24;
}

/// Configuration space of bus 0, through its two ports.
void writePci(QtestMachine& machine, unsigned device, unsigned offset, std::uint32_t value)
{
    machine.outLong(0xCF8, 0x8000'0000u | device << 11 | offset);
    machine.outLong(0xCFC, value);
}

/// Sets the parts of a q35's chipset that OVMF sets before it reads the ACPI tables, and that they tell of
/// (edk2, OvmfPkg/PlatformPei/Platform.c): the PCI Express window, which MCFG names, and the power management
/// ports of FADT. Other boards take the writes without a trace.
void setUpChipset(QtestMachine& machine)
{
    constexpr unsigned kHostBridge = 0, kPciexbarLow = 0x60, kPciexbarHigh = 0x64;
    constexpr unsigned kLpcBridge = 31, kPmBase = 0x40, kAcpiControl = 0x44;
    writePci(machine, kHostBridge, kPciexbarHigh, 0);
    writePci(machine, kHostBridge, kPciexbarLow, 0xE000'0001);
    writePci(machine, kLpcBridge, kPmBase, 0x600);
    machine.outLong(0xCF8, 0x8000'0000u | kLpcBridge << 11 | kAcpiControl);
    machine.outByte(0xCFC, 0x80);
}

class FwCfg {
public:
    explicit FwCfg(QtestMachine& machine) : machine_(machine) { readDirectory(); }

    [[nodiscard]] std::optional<Bytes> file(std::string_view name)
    {
        const auto it = std::find_if(entries_.begin(), entries_.end(),
                                     [&](const Entry& entry) { return entry.name == name; });
        return it == entries_.end() ? std::nullopt : std::optional(read(it->selector, it->size));
    }

private:
    struct Entry {
        std::string name;
        std::uint16_t selector;
        std::uint32_t size;
    };

    Bytes read(std::uint16_t selector, std::uint32_t size)
    {
        if (size > kMostFileBytes)
            throw Error(Category::FailedPrecondition,
                        "QEMU has a fw_cfg file of " + std::to_string(size) + " bytes, more than 2 MiB");
        if (size == 0)
            return {};
        Bytes descriptor;
        putBig(descriptor, std::uint32_t{selector} << 16 | kSelect | kRead, 4);
        putBig(descriptor, size, 4);
        putBig(descriptor, kBuffer, 8);
        machine_.write(kDescriptor, descriptor);
        machine_.outLong(kDmaHigh, 0);
        machine_.outLong(kDmaLow, swapped(static_cast<std::uint32_t>(kDescriptor)));
        if (big(machine_.read(kDescriptor, 4)) != 0)
            throw Error(Category::FailedPrecondition, "QEMU does not serve fw_cfg by DMA");
        return machine_.read(kBuffer, size);
    }

    void readDirectory()
    {
        const std::uint32_t count = big(read(kDirectory, 4));
        if (count > kMostEntries)
            throw Error(Category::FailedPrecondition,
                        "QEMU lists " + std::to_string(count) + " files of fw_cfg");
        const Bytes all = read(kDirectory, static_cast<std::uint32_t>(4 + count * kEntryBytes));
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto entry = std::span(all).subspan(4 + i * kEntryBytes, kEntryBytes);
            const auto name = entry.subspan(8, kNameBytes);
            const auto end = std::find(name.begin(), name.end(), std::uint8_t{0});
            entries_.push_back({std::string(name.begin(), end),
                                static_cast<std::uint16_t>(big(entry.subspan(4, 2))), big(entry.first(4))});
        }
    }

    QtestMachine& machine_;
    std::vector<Entry> entries_;
};

std::string keyOf(const std::string& binary, const plugin::FwCfgRequest& request)
{
    std::error_code ignored;
    std::string key = binary;
    key +=
        '\0' + std::to_string(std::filesystem::last_write_time(binary, ignored).time_since_epoch().count());
    for (const auto* list : {&request.qemuArgs, &request.names}) {
        key += '\0' + std::to_string(list->size());
        for (const auto& text : *list)
            key += '\0' + text;
    }
    return key;
}

std::vector<plugin::FwCfgFile> ask(const std::string& binary, const plugin::FwCfgRequest& request)
{
    auto deadline = std::chrono::steady_clock::now() + kLimit;
    if (request.deadline)
        deadline = std::min(deadline, *request.deadline);
    QtestMachine machine(binary, request.qemuArgs, deadline);
    setUpChipset(machine);
    FwCfg fwCfg(machine);
    std::vector<plugin::FwCfgFile> files;
    for (const auto& name : request.names) {
        if (request.cancelled && request.cancelled())
            throw Error(Category::Cancelled, "nobody waits for the machine any more");
        if (auto content = fwCfg.file(name))
            files.push_back({name, *std::move(content)});
    }
    return files;
}

} // namespace

std::vector<plugin::FwCfgFile> QemuMachines::fwCfg(const plugin::FwCfgRequest& request)
{
    const std::string binary = findProgram(binary_, "qemu.bin_path");
    const std::string key = keyOf(binary, request);
    {
        const std::lock_guard lock(mutex_);
        for (const Known& one : known_)
            if (one.key == key)
                return one.files;
    }
    auto files = ask(binary, request);
    const std::lock_guard lock(mutex_);
    known_.push_front({key, files});
    if (known_.size() > kMostKnown)
        known_.pop_back();
    return files;
}

} // namespace teehost::launch
