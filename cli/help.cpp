// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <sstream>

#include "cli/option_spec.h"

namespace teehost::cli {
namespace {

constexpr std::size_t kTextColumn = 30;
constexpr std::size_t kColumns = 100;

std::string joined(const std::vector<std::string>& parts, const char* separator)
{
    std::string text;
    for (const auto& part : parts)
        text += (text.empty() ? "" : separator) + part;
    return text;
}

/// "-o, --output FORMAT"; what an option says itself (option_text) replaces the placeholder.
std::string optionName(const CLI::Option& option)
{
    const OptionSpec spec = describeOption(option);
    std::string name = joined(spec.names, ", ");
    if (!option.get_option_text().empty())
        return name + option.get_option_text();
    if (!spec.value.empty() && option.nonpositional())
        name += " " + spec.value;
    return name;
}

std::string optionText(const CLI::Option& option)
{
    const OptionSpec spec = describeOption(option);
    std::string text = option.get_description();
    if (!spec.choices.empty() && option.get_option_text().empty())
        text += ": " + joined(spec.choices, ", ");
    if (spec.repeatable && option.nonpositional())
        text += "; may be repeated";
    if (!option.get_envname().empty())
        text += " [$" + option.get_envname() + "]";
    return text;
}

std::string optionEntries(const std::vector<const CLI::Option*>& options)
{
    std::string text;
    for (const auto* option : options)
        text += helpEntry(optionName(*option), optionText(*option));
    return text;
}

std::string usageLine(const CLI::App& app)
{
    std::string line = "Usage: teehost";
    if (app.get_parent() == nullptr)
        return line + " COMMAND [options]\n";
    line += " " + app.get_name();
    for (const auto* positional : visiblePositionals(app)) {
        const OptionSpec spec = describeOption(*positional);
        const std::string name = spec.names.front() + (spec.repeatable ? "..." : "");
        line += positional->get_required() ? " " + name : " [" + name + "]";
    }
    return line + " [options]\n";
}

std::string commandEntries(const CLI::App& app)
{
    std::string text;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        const std::string& description = command->get_description();
        text += helpEntry(command->get_name(), description.substr(0, description.find('\n')));
    }
    return text.empty() ? text : "\nCommands:\n" + text;
}

/// The options of one heading; CLI11's own heading is called "Options".
std::string groupEntries(const CLI::App& app, const std::string& group, const std::string& title)
{
    std::vector<const CLI::Option*> options;
    for (const auto* option : visibleOptions(app))
        if (option->get_group() == group)
            options.push_back(option);
    return options.empty() ? "" : "\n" + title + ":\n" + optionEntries(options);
}

std::string ownOptions(const CLI::App& app)
{
    const bool isCommand = app.get_parent() != nullptr;
    std::string text;
    for (const auto& group : app.get_groups())
        if (group != "Options")
            text += groupEntries(app, group, group);
    return text + groupEntries(app, "Options",
                               isCommand ? "Options" : "Global options, before or after the command");
}

} // namespace

std::string helpEntry(const std::string& name, const std::string& text)
{
    std::string out;
    std::string line = "  " + name;
    if (line.size() + 2 > kTextColumn) {
        out += line + "\n";
        line.clear();
    }
    line.resize(kTextColumn, ' ');
    std::istringstream words(text);
    bool fresh = true;
    for (std::string word; words >> word;) {
        if (!fresh && line.size() + 1 + word.size() > kColumns) {
            out += line + "\n";
            line.assign(kTextColumn, ' ');
            fresh = true;
        }
        line += (fresh ? "" : " ") + word;
        fresh = false;
    }
    return out + line + "\n";
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const
{
    std::string text = app->get_description() + "\n\n" + usageLine(*app) + commandEntries(*app);
    const auto positionals = visiblePositionals(*app);
    if (!positionals.empty())
        text += "\nArguments:\n" + optionEntries(positionals);
    text += ownOptions(*app);
    if (app->get_parent() != nullptr)
        text += groupEntries(*app->get_parent(), "Options", "Global options");
    return app->get_footer().empty() ? text : text + "\n" + app->get_footer() + "\n";
}

} // namespace teehost::cli
