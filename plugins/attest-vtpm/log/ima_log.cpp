// SPDX-License-Identifier: Apache-2.0
#include "log/ima_log.h"

#include <algorithm>
#include <array>

#include <teehost/kit/input_error.h>
#include <teehost/kit/reader.h>

namespace teehost::vtpm {
namespace {

constexpr std::size_t kMostLog = 64u << 20;
constexpr std::size_t kSha1 = kit::sizeOf(HashAlgorithm::Sha1);
constexpr std::size_t kMostName = 32, kMostData = 1u << 16, kMostPath = 4096;
constexpr std::string_view kOldest = "ima";

std::string_view readPath(kit::Reader& in, std::size_t size, bool terminated)
{
    if (size > kMostPath + 1)
        in.fail("a path of " + std::to_string(size) + " bytes");
    std::string_view path = kit::textOf(in.bytes(size));
    if (terminated) {
        if (!path.ends_with('\0'))
            in.fail("a path without its end");
        path.remove_suffix(1);
    }
    if (path.empty() || path.find('\0') != std::string_view::npos)
        in.fail("a path that is empty or goes on after its end");
    return path;
}

/// Field d-ng, "sha256:" NUL digest, or d-ngv2 with a kind before it, "ima:sha256:" NUL digest.
void readDigest(kit::Reader field, bool kinds, ImaEntry& entry)
{
    const std::string_view text = kit::textOf(kit::Reader(field).rest());
    const std::size_t end = text.find(std::string_view(":\0", 2));
    if (end == std::string_view::npos || end > kMostName)
        field.fail("a digest without the name of its algorithm");
    entry.digestName = text.substr(0, end);
    if (const auto kind = entry.digestName.find(':'); kinds && kind != std::string_view::npos)
        entry.digestName.remove_prefix(kind + 1);
    field.skip(end + 2);
    entry.digest = field.rest();
    const auto known = bankNamed(entry.digestName);
    if (known && entry.digest.size() != kit::sizeOf(*known))
        field.fail("a digest of " + std::string(entry.digestName) + " with " +
                   std::to_string(entry.digest.size()) + " bytes");
}

/// The oldest template has no length: a SHA-1 digest, and the path with its length.
void readOldest(kit::Reader& in, ImaEntry& entry)
{
    kit::Reader start(in);
    entry.digestName = "sha1";
    entry.digest = in.bytes(kSha1);
    const std::uint32_t size = in.u32();
    entry.path = readPath(in, size, /*terminated=*/false);
    entry.data = start.bytes(kSha1 + 4 + size);
}

void readFields(kit::Reader& in, ImaEntry& entry)
{
    const std::uint32_t size = in.u32();
    if (size > kMostData)
        in.fail("template data of " + std::to_string(size) + " bytes");
    kit::Reader data = in.part(size);
    entry.data = kit::Reader(data).rest();
    readDigest(data.part(data.u32()), entry.templateName.ends_with("v2"), entry);
    entry.path = readPath(data, data.u32(), /*terminated=*/true);
    if (entry.templateName.starts_with("ima-sig"))
        entry.signature = data.bytes(data.u32());
    data.expectDone();
}

ImaEntry readEntry(kit::Reader& in)
{
    ImaEntry entry;
    entry.offset = in.offset();
    entry.pcr = in.u32();
    if (entry.pcr != kImaPcr)
        in.fail("a record of PCR " + std::to_string(entry.pcr) + ", not of PCR 10,");
    entry.templateDigest = in.bytes(kSha1);
    entry.violation = kit::isZero(entry.templateDigest);
    const std::uint32_t size = in.u32();
    if (size > kMostName)
        in.fail("a template's name of " + std::to_string(size) + " bytes");
    entry.templateName = kit::textOf(in.bytes(size));
    constexpr std::array<std::string_view, 4> kWithFields{"ima-ng", "ima-ngv2", "ima-sig", "ima-sigv2"};
    if (entry.templateName == kOldest)
        readOldest(in, entry);
    else if (std::find(kWithFields.begin(), kWithFields.end(), entry.templateName) != kWithFields.end())
        readFields(in, entry);
    else
        in.fail("a template that is not known");
    return entry;
}

/// What the kernel hashes of a record.
class TemplateHash {
public:
    explicit TemplateHash(HashAlgorithm algorithm) : hasher_(algorithm) {}

    kit::AnyDigest of(const ImaEntry& entry)
    {
        if (entry.templateName != kOldest)
            return hasher_.of(entry.data);
        // Without lengths, and the path in a buffer of IMA_EVENT_NAME_LEN_MAX + 1 bytes.
        std::array<std::uint8_t, 256> path{};
        const auto bytes = kit::viewOf(entry.path).first(std::min(entry.path.size(), path.size()));
        std::copy(bytes.begin(), bytes.end(), path.begin());
        hasher_.update(entry.digest);
        return hasher_.of(path);
    }

private:
    kit::AnyHasher hasher_;
};

class ImaPcr {
public:
    explicit ImaPcr(HashAlgorithm bank) : hasher_(bank), value_(kit::AnyDigest::filled(kit::sizeOf(bank), 0))
    {
    }
    void extend(const ImaEntry& entry, kit::ByteView digest)
    {
        const auto ones = kit::AnyDigest::filled(value_.size(), 0xFF);
        extendRegister(hasher_, value_, entry.violation ? ones.view() : digest);
    }
    [[nodiscard]] const kit::AnyDigest& value() const noexcept { return value_; }

private:
    kit::AnyHasher hasher_;
    kit::AnyDigest value_;
};

kit::AnyDigest padded(kit::ByteView sha1, std::size_t size)
{
    auto digest = kit::AnyDigest::filled(size, 0);
    std::copy(sha1.begin(), sha1.end(), digest.writable().begin());
    return digest;
}

} // namespace

bool ImaEntry::isConsistent() const
{
    return violation || kit::equal(TemplateHash(HashAlgorithm::Sha1).of(*this).view(), templateDigest);
}

ImaLog ImaLog::parse(kit::ByteView bytes)
{
    return kit::withReason("ima_malformed", [&] {
        kit::Reader in(bytes, "IMA list");
        if (bytes.size() > kMostLog)
            in.fail("more than 64 MiB");
        ImaLog log;
        while (!in.done())
            log.entries.push_back(readEntry(in));
        return log;
    });
}

std::optional<ImaMatch> matchIma(const ImaLog& log, HashAlgorithm bank, kit::ByteView pcr10)
{
    ImaPcr own(bank), sha1(bank);
    TemplateHash hash(bank);
    std::size_t count = 0;
    for (const ImaEntry& entry : log.entries) {
        ++count;
        if (!entry.isConsistent())
            return std::nullopt; // what follows could not be trusted either
        own.extend(entry, hash.of(entry).view());
        if (kit::equal(own.value().view(), pcr10))
            return ImaMatch{count, false};
        sha1.extend(entry, padded(entry.templateDigest, kit::sizeOf(bank)).view());
        if (kit::equal(sha1.value().view(), pcr10))
            return ImaMatch{count, bank != HashAlgorithm::Sha1};
    }
    return std::nullopt;
}

kit::AnyDigest replayIma(const ImaLog& log, HashAlgorithm bank)
{
    ImaPcr pcr(bank);
    TemplateHash hash(bank);
    for (const ImaEntry& entry : log.entries)
        pcr.extend(entry, hash.of(entry).view());
    return pcr.value();
}

std::optional<BootAggregate> bootAggregate(const ImaLog& log)
{
    constexpr std::uint32_t kPcrsOfSha1 = 8, kPcrsOfOthers = 10;
    if (log.entries.empty() || log.entries.front().path != "boot_aggregate")
        return std::nullopt;
    const ImaEntry& first = log.entries.front();
    const auto bank = bankNamed(first.digestName);
    if (!bank)
        return std::nullopt;
    return BootAggregate{*bank, bank == HashAlgorithm::Sha1 ? kPcrsOfSha1 : kPcrsOfOthers, first.digest};
}

} // namespace teehost::vtpm
