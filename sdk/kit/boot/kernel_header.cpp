// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/kernel_header.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include "teehost/kit/input_error.h"

namespace teehost::kit {
namespace {

// Offsets of boot.rst, "The Real-Mode Kernel Header".
constexpr std::size_t kSetupHeaderEnd = 0x268;
constexpr std::size_t kVideoMode = 0x1FA, kMagic = 0x202, kVersion = 0x206, kVersionText = 0x20E,
                      kLoaderType = 0x210, kLoadFlags = 0x211;
constexpr std::size_t kRamdiskImage = 0x218, kRamdiskSize = 0x21C, kHeapEnd = 0x224, kCmdlinePointer = 0x228;
constexpr std::size_t kInitrdAddressMax = 0x22C, kExtendedFlags = 0x236;

constexpr std::uint32_t kHdrS = 0x5372'6448; // "HdrS"
constexpr std::uint16_t kFirstWithCmdlinePointer = 0x202, kFirstWithExtendedFlags = 0x20C;
constexpr std::uint16_t kInitrdAbove4G = 0x2; // XLF_CAN_BE_LOADED_ABOVE_4G
constexpr std::uint8_t kLoadedHigh = 0x01, kCanUseHeap = 0x80;

// Choices of x86_load_linux for a kernel that is loaded high.
constexpr std::uint32_t kRealModeAddress = 0x1'0000, kCmdlineAddress = 0x2'0000;
constexpr std::uint8_t kLoaderQemu = 0xB0;
constexpr std::uint64_t kAcpiDataSize = 0x2'8000; // kept free below the end of low memory: 0x20000 + 0x8000

[[noreturn]] void refuse(const std::string& why) { throw InputError("bad_kernel", "the kernel " + why); }

std::uint32_t get(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size)
{
    std::uint32_t value = 0;
    for (std::size_t i = size; i-- > 0;)
        value = value << 8 | bytes[at + i];
    return value;
}

void put(std::span<std::uint8_t> bytes, std::size_t at, std::uint64_t value, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i)
        bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t initrdAddress(std::span<const std::uint8_t> kernel, std::uint64_t low, std::uint64_t size)
{
    const std::uint32_t protocol = get(kernel, kVersion, 2);
    std::uint64_t highest = get(kernel, kInitrdAddressMax, 4);
    if (protocol < 0x203)
        highest = 0x37FF'FFFF; // what boot.rst grants older kernels
    else if (protocol >= kFirstWithExtendedFlags && (get(kernel, kExtendedFlags, 2) & kInitrdAbove4G) != 0)
        highest = UINT32_MAX;
    if (highest >= low - kAcpiDataSize)
        highest = low - kAcpiDataSize - 1;
    if (size >= highest)
        refuse("gets an initrd of " + std::to_string(size) +
               " bytes, which does not fit into the VM's memory");
    return (highest - size) & ~std::uint64_t{0xFFF};
}

/// What "vga=" in the command line asks for; QEMU looks for it anywhere, and does not start with another
/// word.
std::optional<std::uint64_t> videoMode(std::string_view cmdline)
{
    constexpr std::string_view kKey = "vga=";
    const std::size_t at = cmdline.find(kKey);
    if (at == std::string_view::npos)
        return std::nullopt;
    std::string_view word = cmdline.substr(at + kKey.size());
    constexpr std::pair<std::string_view, std::uint64_t> kWords[] = {
        {"normal", 0xFFFF}, {"ext", 0xFFFE}, {"ask", 0xFFFD}};
    for (const auto& [name, mode] : kWords)
        if (word.starts_with(name))
            return mode;
    word = word.substr(0, word.find(' '));
    const int base = word.starts_with("0x") || word.starts_with("0X") ? 16 : word.starts_with('0') ? 8 : 10;
    if (base == 16)
        word.remove_prefix(2);
    std::uint32_t mode = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), mode, base);
    if (error != std::errc() || end != word.data() + word.size())
        refuse("is not started: QEMU does not understand the command line's \"vga=\"");
    return mode;
}

} // namespace

void patchKernelHeader(std::span<std::uint8_t> kernel, std::uint64_t low_memory,
                       std::optional<std::uint64_t> initrd_size, std::string_view cmdline)
{
    if (kernel.size() < kSetupHeaderEnd || get(kernel, kMagic, 4) != kHdrS)
        refuse("has no setup header: not a bzImage");
    if (get(kernel, kVersion, 2) < kFirstWithCmdlinePointer || (kernel[kLoadFlags] & kLoadedHigh) == 0)
        refuse("is of a boot protocol too old for this");
    if (low_memory <= kAcpiDataSize)
        refuse("is started with too little memory");
    put(kernel, kCmdlinePointer, kCmdlineAddress, 4);
    kernel[kLoaderType] = kLoaderQemu;
    kernel[kLoadFlags] |= kCanUseHeap;
    put(kernel, kHeapEnd, kCmdlineAddress - kRealModeAddress - 0x200, 2);
    if (const auto mode = videoMode(cmdline))
        put(kernel, kVideoMode, *mode, 2);
    if (!initrd_size)
        return;
    put(kernel, kRamdiskImage, initrdAddress(kernel, low_memory, *initrd_size), 4);
    put(kernel, kRamdiskSize, *initrd_size, 4);
}

std::optional<LinuxVersion> linuxVersionOf(const std::string& path)
{
    // The pointer has 16 bits and counts from byte 0x200.
    constexpr std::size_t kMostOffset = 0x200 + 0xFFFF, kMostText = 64;
    std::string start(kMostOffset + kMostText, '\0');
    std::ifstream in(path, std::ios::binary);
    in.read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    const ByteView bytes = viewOf(start);
    const std::span<const std::uint8_t> kernel(bytes.data(), bytes.size());
    if (kernel.size() < kSetupHeaderEnd || get(kernel, kMagic, 4) != kHdrS ||
        get(kernel, kVersionText, 2) == 0)
        return std::nullopt;
    const std::size_t at = 0x200 + get(kernel, kVersionText, 2);
    if (at >= start.size())
        return std::nullopt;
    const std::string_view text = std::string_view(start).substr(at, kMostText);
    const char* const end = text.data() + text.size();
    LinuxVersion out;
    const auto major = std::from_chars(text.data(), end, out.major);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.' ||
        std::from_chars(major.ptr + 1, end, out.minor).ec != std::errc())
        return std::nullopt;
    return out;
}

} // namespace teehost::kit
