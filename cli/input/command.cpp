// SPDX-License-Identifier: Apache-2.0
#include "cli/input/command.h"

#include <CLI/CLI.hpp>

#include "cli/failure.h"

namespace teehost::cli {

Option Option::value(const std::string& placeholder) const
{
    option_->type_name(placeholder);
    return *this;
}

Option Option::group(const std::string& heading) const
{
    option_->group(heading);
    return *this;
}

Option Option::shownAs(const std::string& text) const
{
    option_->option_text(text);
    return *this;
}

Option Option::required() const
{
    option_->required();
    return *this;
}

Option Option::oneValueEach() const
{
    option_->allow_extra_args(false);
    return *this;
}

Option Option::oneOf(const std::vector<std::string>& choices) const
{
    option_->check(CLI::IsMember(choices));
    return *this;
}

Option Option::between(std::uint32_t least, std::uint32_t most) const
{
    option_->check(CLI::Range(least, most).description(""));
    return *this;
}

Option Option::check(const std::function<std::string(const std::string&)>& check) const
{
    option_->check(check);
    return *this;
}

Option Option::excludes(const std::string& name) const
{
    option_->excludes(name);
    return *this;
}

Option Option::needs(const std::string& name) const
{
    option_->needs(name);
    return *this;
}

Option Command::option(const std::string& names, std::string& target, const std::string& help) const
{
    return Option(*app_->add_option(names, target, help));
}

Option Command::option(const std::string& names, std::optional<std::string>& target,
                       const std::string& help) const
{
    return Option(*app_->add_option(names, target, help));
}

Option Command::option(const std::string& names, std::filesystem::path& target, const std::string& help) const
{
    return Option(*app_->add_option(names, target, help));
}

Option Command::option(const std::string& names, std::uint32_t& target, const std::string& help) const
{
    return Option(*app_->add_option(names, target, help));
}

Option Command::option(const std::string& names, std::uint64_t& target, const std::string& help) const
{
    return Option(*app_->add_option(names, target, help));
}

Option Command::option(const std::string& names, std::vector<std::string>& target,
                       const std::string& help) const
{
    return Option(*app_->add_option(names, target, help));
}

Option Command::option(const std::string& names, std::function<void(const std::string&)> take,
                       const std::string& help) const
{
    const auto takeOrRefuse = [take = std::move(take), names](const std::string& text) {
        try {
            take(text);
        } catch (const UsageFailure& failure) {
            const std::string hint = failure.hint().empty() ? "" : "; " + failure.hint();
            throw CLI::ValidationError(names, failure.what() + hint);
        }
    };
    return Option(*app_->add_option_function<std::string>(names, takeOrRefuse, help));
}

Option Command::flag(const std::string& names, bool& target, const std::string& help) const
{
    return Option(*app_->add_flag(names, target, help));
}

Option Command::flag(const std::string& names, std::string& target, const std::string& help) const
{
    return Option(*app_->add_flag(names, target, help));
}

bool Command::given(const std::string& name) const { return app_->count(name) != 0; }

void Command::onRun(std::function<void()> run) const { app_->callback(std::move(run)); }

} // namespace teehost::cli
