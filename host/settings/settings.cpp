// SPDX-License-Identifier: Apache-2.0
#include "host/settings/settings.h"

#include "host/base/error.h"

namespace teehost::settings {

const Effective* Settings::find(std::string_view key) const
{
    const auto it = values_.find(key);
    return it == values_.end() ? nullptr : &it->second;
}

template <class T>
T Settings::get(std::string_view key) const
{
    if (table_.find(key) == nullptr)
        throw Error(Category::Internal, "there is no option \"" + std::string(key) + "\"");
    const auto* effective = find(key);
    if (effective == nullptr)
        return T{};
    if (const auto* value = std::get_if<T>(&effective->value))
        return *value;
    throw Error(Category::Internal,
                "option \"" + std::string(key) + "\" was read as another type than it has");
}

std::string Settings::text(std::string_view key) const { return get<std::string>(key); }
std::uint64_t Settings::number(std::string_view key) const { return get<std::uint64_t>(key); }
double Settings::ratio(std::string_view key) const { return get<double>(key); }
bool Settings::flag(std::string_view key) const { return get<bool>(key); }
std::chrono::nanoseconds Settings::duration(std::string_view key) const
{
    return get<std::chrono::nanoseconds>(key);
}
std::vector<std::string> Settings::list(std::string_view key) const
{
    return get<std::vector<std::string>>(key);
}

std::optional<bool> Settings::flagOrAuto(std::string_view key) const
{
    if (const auto* effective = find(key);
        effective == nullptr || std::holds_alternative<Auto>(effective->value))
        return std::nullopt;
    return flag(key);
}

} // namespace teehost::settings
