// SPDX-License-Identifier: Apache-2.0
//
// An IGVM file is refused, or it has a digest whose provenance accounts for it; what KVM could launch is
// measured alike without its rules. Input: a file, whose size and checksum are put right first, so that what
// lies behind them is reached.
#include <algorithm>

#include <boost/crc.hpp>

#include "launch/igvm_digest.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::sev_snp;

namespace {

void put(kit::Bytes& file, std::size_t offset, std::uint64_t number)
{
    for (std::size_t i = 0; i < 4; ++i)
        file[offset + i] = static_cast<std::uint8_t>(number >> (8 * i));
}

std::uint32_t get(const kit::Bytes& file, std::size_t offset)
{
    return kit::Reader(kit::ByteView(file).subspan(offset, 4), "file").u32();
}

void putRight(kit::Bytes& file)
{
    constexpr std::size_t kFixed = 24, kChecksum = 20;
    if (file.size() < kFixed)
        return;
    put(file, 16, file.size());
    put(file, kChecksum, 0);
    const std::size_t fixed = file[4] == 1 ? kFixed : std::min<std::size_t>(32, file.size());
    const std::size_t offset = get(file, 8), size = get(file, 12);
    if (offset > file.size() || size > file.size() - offset)
        return;
    boost::crc_32_type crc;
    crc.process_bytes(file.data(), fixed);
    crc.process_bytes(file.data() + offset, size);
    put(file, kChecksum, crc.checksum());
}

std::optional<LaunchDigest> measured(const IgvmFile& file, const IgvmRules& rules)
{
    const auto result = fuzz::unlessInputError([&] { return measureIgvm(file, rules); });
    if (!result)
        return std::nullopt;
    const auto& events = result->launch.provenance;
    fuzz::require(events.empty() ? result->launch.digest == LaunchDigest{}
                                 : events.back().after == result->launch.digest,
                  "the provenance ends with the digest");
    return result->launch.digest;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kit::Bytes bytes(data, data + size);
    putRight(bytes);
    const auto file = fuzz::unlessInputError([&] { return IgvmFile::parse(bytes); });
    if (!file)
        return 0;
    // 2 MiB pages and parameter areas cost 512 pages and more for a few bytes: correct, and slow.
    const auto& headers = file->headers();
    const auto costs = std::count_if(headers.begin(), headers.end(), [](const IgvmHeader& h) {
        return h.type == IgvmHeaderType::PageData || h.type == IgvmHeaderType::ParameterInsert;
    });
    if (costs > 64)
        return 0;
    const auto strict = measured(*file, {});
    const auto loose = measured(*file, {.checkKvm = false});
    // But for a vCPU's state before all memory, which KVM measures last.
    const auto first = std::find_if(headers.begin(), headers.end(), [](const IgvmHeader& h) {
        return h.type == IgvmHeaderType::PageData || h.type == IgvmHeaderType::ParameterInsert ||
               h.type == IgvmHeaderType::VpContext;
    });
    const bool vmsaFirst = first != headers.end() && first->type == IgvmHeaderType::VpContext;
    fuzz::require(!strict || vmsaFirst || strict == loose, "KVM's rules refuse, and change no digest");
    measured(*file, {.nativeZero = true, .checkKvm = false, .ignoreIdBlock = true});
    return 0;
}
