// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/settings/file_keys.h"

namespace teehost::settings {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

using Reader = void (*)(std::string_view, FileKeys&);

Reader readerOf(const std::string& path)
{
    const auto extension = std::filesystem::path(path).extension();
    if (extension == ".properties" || extension == ".conf")
        return readProperties;
    if (extension == ".ini")
        return readIni;
    if (extension == ".xml")
        return readXml;
    if (extension == ".json")
        return readJson;
    throw InvalidArgument("settings file \"" + printable(path) + "\" has a name of no known kind", {},
                          "use .properties, .ini, .xml or .json");
}

std::string contentOf(const std::string& path)
{
    const std::string subject = "settings file \"" + printable(path) + "\"";
    const std::string hint = "name an existing file with --config";
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error)
        throw systemError(Category::InvalidArgument, "cannot read the " + subject, error.value(), hint);
    if (size > kMaxFileBytes)
        throw InvalidArgument("the " + subject + " is larger than 1 MiB");
    std::ifstream in(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(in), {}};
    if (!in.is_open() || in.bad())
        throw InvalidArgument("cannot read the " + subject, {}, hint);
    return content;
}

/// The text itself. Editors of other systems put a byte order mark before it, or write UTF-16.
std::string_view withoutMark(std::string_view content, const std::string& path, Findings& findings)
{
    const std::string subject = "settings file \"" + printable(path) + "\"";
    if (content.starts_with(kUtf8Mark)) {
        findings.warn(subject +
                      " begins with a byte order mark, which is skipped; save it as UTF-8 without one");
        content.remove_prefix(kUtf8Mark.size());
    }
    if (!isUtf8(content) || content.find('\0') != std::string_view::npos)
        throw InvalidArgument(subject + " is not UTF-8 text", {}, "save it as UTF-8");
    return content;
}

} // namespace

std::string dotted(const std::string& prefix, const std::string& name)
{
    return prefix.empty() ? name : prefix + "." + name;
}

void FileKeys::add(const std::string& key, std::string value, std::size_t line)
{
    const auto [it, fresh] = values_.try_emplace(key, std::move(value));
    if (fresh) {
        lines_[key] = line;
        return;
    }
    const std::string where =
        line == 0 ? "" : " (lines " + std::to_string(lines_[key]) + " and " + std::to_string(line) + ")";
    findings_.refuse(InvalidArgument("settings file \"" + printable(path_) + "\": " + printable(key) +
                                         " is given twice" + where,
                                     {}, "keep one of them"),
                     key);
}

void FileKeys::refuse(const std::string& what, std::size_t line, const std::string& hint)
{
    const std::string where = line == 0 ? "" : ", line " + std::to_string(line);
    findings_.refuse(
        InvalidArgument("settings file \"" + printable(path_) + "\"" + where + ": " + what, {}, hint));
}

FileValues readSettingsFile(const std::string& path, Findings& findings)
{
    FileKeys keys(path, findings);
    findings.gather([&] {
        const auto reader = readerOf(path);
        const auto content = contentOf(path);
        reader(withoutMark(content, path, findings), keys);
    });
    return keys.values();
}

FileValues readSettingsFile(const std::string& path)
{
    Findings findings;
    auto values = readSettingsFile(path, findings);
    if (findings.refused())
        throw InvalidArgument(std::string(findings.refusals().front().what()), {},
                              findings.refusals().front().hint());
    return values;
}

} // namespace teehost::settings
