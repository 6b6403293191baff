// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <algorithm>
#include <sstream>
#include <vector>

namespace teehost::cli {
namespace {

constexpr std::size_t kTextColumn = 30;
constexpr std::size_t kColumns = 100;
constexpr const char* kUsualGroup = "Options"; // of options that have no heading of their own

std::string joined(const std::vector<std::string>& parts, const char* separator)
{
    std::string text;
    for (const auto& part : parts)
        text += (text.empty() ? "" : separator) + part;
    return text;
}

/// "-o, --output FORMAT"
std::string optionName(const OptionSpec& option)
{
    const std::string name = joined(option.names, ", ");
    if (!option.shownAs.empty())
        return name + option.shownAs;
    return option.value.empty() ? name : name + " " + option.value;
}

/// The description, and what the value may be.
std::string describe(const OptionSpec& option)
{
    const bool tellChoices = !option.choices.empty() && option.shownAs.empty();
    return option.description + (tellChoices ? ": " + joined(option.choices, ", ") : "");
}

std::string optionText(const OptionSpec& option)
{
    return describe(option) + (option.repeatable ? "; may be repeated" : "") +
           (option.variable.empty() ? "" : " [$" + option.variable + "]");
}

/// The options of one heading; the usual one is called "Options".
std::string groupEntries(const CommandSpec& command, const std::string& group, const std::string& title)
{
    std::string text;
    for (const auto& option : command.options)
        if (option.group == group)
            text += helpEntry(optionName(option), optionText(option));
    return text.empty() ? text : "\n" + title + ":\n" + text;
}

std::string argumentEntries(const CommandSpec& command)
{
    std::string text;
    for (const auto& positional : command.positionals)
        text += helpEntry(positional.names.front(), describe(positional));
    return text.empty() ? text : "\nArguments:\n" + text;
}

std::string usageLine(const CommandSpec& command)
{
    std::string line = "Usage: teehost " + command.name;
    for (const auto& positional : command.positionals) {
        const std::string name = positional.names.front() + (positional.repeatable ? "..." : "");
        line += positional.required ? " " + name : " [" + name + "]";
    }
    return line + " [options]\n";
}

std::string commandEntries(const CommandSpec& program)
{
    std::string text;
    for (const auto& command : program.commands)
        text += helpEntry(command.name, command.description.substr(0, command.description.find('\n')));
    return "\nCommands:\n" + text;
}

/// The headings of a command's own come first, in the order of their options.
std::string ownGroups(const CommandSpec& command)
{
    std::vector<std::string> groups;
    for (const auto& option : command.options)
        if (option.group != kUsualGroup &&
            std::find(groups.begin(), groups.end(), option.group) == groups.end())
            groups.push_back(option.group);
    std::string text;
    for (const auto& group : groups)
        text += groupEntries(command, group, group);
    return text;
}

std::string footer(const CommandSpec& command)
{
    return command.footer.empty() ? "" : "\n" + command.footer + "\n";
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

std::string programHelp(const CommandSpec& program)
{
    return program.description + "\n\nUsage: teehost COMMAND [options]\n" + commandEntries(program) +
           groupEntries(program, kUsualGroup, "Global options, before or after the command") +
           footer(program);
}

std::string commandHelp(const CommandSpec& command, const CommandSpec& program)
{
    return command.description + "\n\n" + usageLine(command) + argumentEntries(command) + ownGroups(command) +
           groupEntries(command, kUsualGroup, "Options") +
           groupEntries(program, kUsualGroup, "Global options") + footer(command);
}

} // namespace teehost::cli
