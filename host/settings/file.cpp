// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Util/IniFileConfiguration.h>
#include <Poco/Util/JSONConfiguration.h>
#include <Poco/Util/PropertyFileConfiguration.h>
#include <Poco/Util/XMLConfiguration.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/settings/settings.h"

namespace teehost::settings {
namespace {

using Configuration = Poco::AutoPtr<Poco::Util::AbstractConfiguration>;

constexpr std::uintmax_t kMaxFileBytes = 1 << 20;
constexpr int kMaxDepth = 16;

Configuration open(const std::string& path)
{
    const auto extension = std::filesystem::path(path).extension();
    if (extension == ".properties" || extension == ".conf")
        return new Poco::Util::PropertyFileConfiguration(path);
    if (extension == ".ini")
        return new Poco::Util::IniFileConfiguration(path);
    if (extension == ".xml")
        return new Poco::Util::XMLConfiguration(path);
    if (extension == ".json")
        return new Poco::Util::JSONConfiguration(path);
    throw InvalidArgument("settings file \"" + path + "\" has a name of no known kind", {},
                          "use .properties, .ini, .xml or .json");
}

void flatten(const Poco::Util::AbstractConfiguration& from, const std::string& prefix, FileValues& into,
             int depth)
{
    if (depth > kMaxDepth)
        throw InvalidArgument("the settings are nested deeper than " + std::to_string(kMaxDepth) + " levels");
    // In XML and JSON what encloses other keys has all their text for a value, which is nobody's setting.
    const bool encloses = dynamic_cast<const Poco::Util::XMLConfiguration*>(&from) != nullptr ||
                          dynamic_cast<const Poco::Util::JSONConfiguration*>(&from) != nullptr;
    Poco::Util::AbstractConfiguration::Keys children;
    from.keys(prefix, children);
    for (const auto& child : children) {
        const std::string key = prefix.empty() ? child : prefix + "." + child;
        Poco::Util::AbstractConfiguration::Keys grandchildren;
        from.keys(key, grandchildren);
        // Raw: `${…}` in a value is the operator's text, not a reference.
        // hasProperty last: Poco gathers the text of a whole XML element, recursively.
        if ((grandchildren.empty() || !encloses) && from.hasProperty(key))
            into[key] = from.getRawString(key);
        flatten(from, key, into, depth + 1);
    }
}

} // namespace

FileValues readSettingsFile(const std::string& path)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error)
        throw systemError(Category::InvalidArgument, "cannot read the settings file \"" + path + "\"",
                          error.value(), "name an existing file with --config");
    if (size > kMaxFileBytes)
        throw InvalidArgument("the settings file \"" + path + "\" is larger than 1 MiB");
    try {
        const Configuration configuration = open(path);
        FileValues values;
        flatten(*configuration, "", values, 0);
        return values;
    } catch (const Poco::Exception& exception) {
        throw InvalidArgument("cannot read the settings file \"" + path +
                              "\": " + printable(exception.displayText()));
    }
}

} // namespace teehost::settings
