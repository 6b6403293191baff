// SPDX-License-Identifier: Apache-2.0
#include "cli/attest/arguments.h"

#include <chrono>
#include <optional>

#include "cli/failure.h"
#include "cli/input/file.h"
#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::cli {
namespace {

constexpr std::size_t kMaxFiles = 64;
constexpr std::size_t kMaxDigestBytes = 64;

/// Reads digits of fixed places: RFC 3339, section 5.6, has no other numbers.
class Fields {
public:
    explicit Fields(std::string_view text) : rest_(text) {}

    int number(std::size_t digits)
    {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
                good_ = false;
                return 0;
            }
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }
    bool skip(std::string_view any)
    {
        if (rest_.empty() || any.find(rest_.front()) == std::string_view::npos)
            return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view any) { good_ = skip(any) && good_; }
    [[nodiscard]] char next() const { return rest_.empty() ? '\0' : rest_.front(); }
    [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

/// What follows the seconds; digits beyond nanoseconds are dropped.
std::chrono::nanoseconds readFraction(Fields& in)
{
    if (!in.skip("."))
        return {};
    std::int64_t value = 0, unit = 1'000'000'000;
    do {
        unit /= 10;
        value += in.number(1) * unit;
    } while (in.next() >= '0' && in.next() <= '9');
    return std::chrono::nanoseconds(value);
}

std::chrono::minutes readOffset(Fields& in)
{
    if (in.skip("Zz"))
        return {};
    const bool west = in.next() == '-';
    in.expect("+-");
    const int hours = in.number(2);
    in.expect(":");
    const int minutes = in.number(2);
    if (hours > 23 || minutes > 59)
        in.expect(""); // not an offset
    const std::chrono::minutes offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return west ? -offset : offset;
}

std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> readInstant(std::string_view text)
{
    using namespace std::chrono;
    Fields in(text);
    const int y = in.number(4);
    in.expect("-");
    const int m = in.number(2);
    in.expect("-");
    const int d = in.number(2);
    in.expect("Tt ");
    const int hh = in.number(2);
    in.expect(":");
    const int mm = in.number(2);
    in.expect(":");
    const int ss = in.number(2);
    const auto fraction = readFraction(in);
    const auto offset = readOffset(in);
    const year_month_day date(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
    constexpr int kFirstYear = 1970, kLastYear = 2190; // as many as nanoseconds can count
    if (!in.done() || !date.ok() || y < kFirstYear || y > kLastYear || hh > 23 || mm > 59 || ss > 59)
        return std::nullopt;
    return sys_days(date) + hours(hh) + minutes(mm) + seconds(ss) + fraction - offset;
}

std::optional<plugin::DigestAlg> algOf(std::size_t bytes)
{
    using enum plugin::DigestAlg;
    for (const auto alg : {Sha1, Sha256, Sha384, Sha512})
        if (plugin::digestSize(alg) == bytes)
            return alg;
    return std::nullopt;
}

} // namespace

plugin::Bytes parseHexArgument(std::string_view text, std::string_view option, std::size_t most)
{
    if (text.empty() || text.size() > 2 * most)
        throw UsageFailure(std::string(option) + ": there are " + std::to_string(text.size()) +
                           " hexadecimal digits, not from 2 to " + std::to_string(2 * most));
    try {
        return parseHex(text);
    } catch (const Error& error) {
        throw UsageFailure(std::string(option) + ": " + error.what());
    }
}

plugin::Bytes parsePrefixedHex(std::string_view text, std::string_view option, std::size_t most)
{
    if (text.starts_with("0x") || text.starts_with("0X"))
        text.remove_prefix(2);
    return parseHexArgument(text, option, most);
}

plugin::Register parseRegister(std::string_view text, std::string_view option)
{
    const auto equals = text.rfind('=');
    const bool named = equals != std::string_view::npos;
    const auto digest = parsePrefixedHex(named ? text.substr(equals + 1) : text, option, kMaxDigestBytes);
    const auto alg = algOf(digest.size());
    if (!alg)
        throw UsageFailure(std::string(option) + ": no digest has " + std::to_string(digest.size()) +
                               " bytes",
                           "write 20, 32, 48 or 64 bytes as hexadecimal digits: SHA-1, -256, -384 or -512");
    if (named && (equals == 0 || printable(text.substr(0, equals)) != text.substr(0, equals)))
        throw UsageFailure(std::string(option) + ": the register's name is not printable text",
                           "write it as NAME=HEX, or only HEX");
    return {named ? std::string(text.substr(0, equals)) : std::string(), *alg, digest};
}

std::int64_t parseInstant(std::string_view text, std::string_view option)
{
    const auto instant = readInstant(text);
    if (!instant || instant->time_since_epoch().count() <= 0)
        throw UsageFailure(std::string(option) + ": \"" + printable(text) +
                               "\" is no point in time after 1970",
                           "write it as in RFC 3339: 2026-01-31T12:00:00Z");
    return instant->time_since_epoch().count();
}

std::vector<NamedBlob> readBlobs(const std::vector<std::string>& paths, std::string_view option)
{
    if (paths.size() > kMaxFiles)
        throw UsageFailure(std::string(option) + ": there are more than " + std::to_string(kMaxFiles) +
                           " files");
    std::vector<NamedBlob> files;
    for (const auto& path : paths) {
        const std::string content = readFileOrInput(path, option, kMaxEvidenceBytes);
        if (content.empty())
            throw UsageFailure(std::string(option) + ": \"" + path + "\" is empty");
        files.push_back({path, {{}, plugin::Bytes(content.begin(), content.end())}, {}});
    }
    return files;
}

std::vector<plugin::Blob> blobsOf(const std::vector<NamedBlob>& files)
{
    std::vector<plugin::Blob> blobs;
    for (const auto& file : files)
        blobs.push_back(file.blob);
    return blobs;
}

} // namespace teehost::cli
