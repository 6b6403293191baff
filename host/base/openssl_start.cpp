// SPDX-License-Identifier: Apache-2.0
#include "host/base/openssl_start.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/conf.h>
#include <openssl/crypto.h>

#include "host/base/free_with.h"
#include "host/base/unique_fd.h"

namespace teehost {
namespace {

constexpr std::size_t kMostConfiguration = 64u << 10; // five times the one that comes with OpenSSL

/// Reads what setsUpNothing can be asked about, and remembers which sections have an entry.
class ConfigurationScan {
public:
    /// False when the line is none that can be told without OpenSSL's own reader.
    bool takeLine(std::string_view line)
    {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.ends_with('\\') || !std::all_of(line.begin(), line.end(), isPlain))
            return false;
        line = trimmed(line);
        if (line.empty() || line.front() == '#')
            return true;
        if (line.front() == '.') // a directive
            return false;
        return line.front() == '[' ? takeSection(line) : takeEntry(line);
    }
    [[nodiscard]] bool setsUpNothing() const { return !first_ || !filled_.contains(*first_); }

private:
    static bool isPlain(char c) { return c == '\t' || (c >= ' ' && c <= '~'); }
    static bool isOfName(char c)
    {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '-';
    }
    static bool isName(std::string_view text)
    {
        return !text.empty() && std::all_of(text.begin(), text.end(), isOfName);
    }
    static std::string_view trimmed(std::string_view text)
    {
        constexpr std::string_view kBlank = " \t";
        const std::size_t first = text.find_first_not_of(kBlank);
        return first == std::string_view::npos
                   ? std::string_view()
                   : text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
    }
    bool takeSection(std::string_view line)
    {
        const std::size_t end = line.find(']');
        const std::string_view name = trimmed(line.substr(1, end == std::string_view::npos ? 0 : end - 1));
        section_ = name;
        return isName(name);
    }
    /// Takes an entry, of which only the name counts, and the value of openssl_conf.
    bool takeEntry(std::string_view line)
    {
        const std::size_t sign = line.find('=');
        if (sign == std::string_view::npos)
            return false;
        const std::string_view name = trimmed(line.substr(0, sign));
        if (!isName(name)) // "section::name" stands for an entry of that section
            return false;
        filled_.emplace(section_);
        if (section_ != "default" || name != "openssl_conf")
            return true;
        std::string_view value = line.substr(sign + 1);
        value = trimmed(value.substr(0, value.find('#')));
        if (first_ || !isName(value))
            return false;
        first_ = value;
        return true;
    }

    std::string section_ = "default"; // of lines before the first section (config(5))
    std::set<std::string, std::less<>> filled_;
    std::optional<std::string> first_; ///< the section that openssl_conf names
};

/// Returns nullopt when the file cannot be read twice, as a pipe cannot, or is longer than any that is worth
/// a look.
std::optional<std::string> contentOf(const char* path)
{
    const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file)
        return errno == ENOENT ? std::optional<std::string>("") : std::nullopt; // OpenSSL needs none
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    std::string content(kMostConfiguration + 1, '\0');
    std::size_t filled = 0;
    ssize_t size = 1;
    while (size > 0 && filled < content.size()) {
        size = ::read(file.get(), content.data() + filled, content.size() - filled);
        filled += size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    if (size < 0 || filled > kMostConfiguration)
        return std::nullopt;
    content.resize(filled);
    return content;
}

bool isConfiguredPlainly() noexcept
{
    try {
        const std::unique_ptr<char, FreeWith<[](char* text) { OPENSSL_free(text); }>> path(
            CONF_get1_default_config_file());
        const auto content = path ? contentOf(path.get()) : std::nullopt;
        return content && setsUpNothing(*content);
    } catch (...) { // out of memory, and OpenSSL's own reader is the one to say so
        return false;
    }
}

} // namespace

bool setsUpNothing(std::string_view configuration)
{
    ConfigurationScan scan;
    while (!configuration.empty()) {
        const std::size_t end = std::min(configuration.find('\n'), configuration.size());
        if (!scan.takeLine(configuration.substr(0, end)))
            return false;
        configuration.remove_prefix(std::min(end + 1, configuration.size()));
    }
    return scan.setsUpNothing();
}

void startOpensslForChecks() noexcept
{
    std::uint64_t what =
        OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ATEXIT;
    if (isConfiguredPlainly())
        what |= OPENSSL_INIT_NO_LOAD_CONFIG;
    static_cast<void>(OPENSSL_init_crypto(what, nullptr)); // what fails now fails where it is used
}

} // namespace teehost
