// SPDX-License-Identifier: Apache-2.0
#include "cli/completion/bash.h"

#include <map>
#include <vector>

namespace teehost::cli {
namespace {

std::string joined(const std::vector<std::string>& words, const char* separator)
{
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : separator) + word;
    return text;
}

/// The bash statement that completes a value, by its placeholder.
std::string completeValue(const OptionSpec& spec)
{
    if (!spec.choices.empty())
        return "_teehost_words '" + joined(spec.choices, " ") + "'";
    if (spec.value == "FILE" || spec.value == "PATH")
        return "_teehost_files -f";
    if (spec.value == "DIR")
        return "_teehost_files -d";
    if (spec.value == "ID")
        return "_teehost_ids";
    if (spec.value == "ORPHAN")
        return "_teehost_orphans";
    return ":"; // nothing can be guessed
}

std::vector<std::string> optionNames(const CommandSpec& command)
{
    std::vector<std::string> names;
    for (const auto& option : command.options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return names;
}

/// `PATTERN | PATTERN) how=(STATEMENT) ;;` for each option of `command` that takes a value. `name` is a
/// pattern too.
std::string valueCases(const CommandSpec& command, const std::string& name)
{
    std::map<std::string, std::vector<std::string>> byStatement;
    for (const auto& option : command.options)
        if (!option.value.empty())
            for (const auto& optionName : option.names)
                byStatement[completeValue(option)].push_back(name + "\\ " + optionName);
    std::string text;
    for (const auto& [statement, patterns] : byStatement)
        text += "    " + joined(patterns, " | \\\n    ") + ") how=(" + statement + ") ;;\n";
    return text;
}

std::string valueFunction(const CommandSpec& program)
{
    std::string text = "# How to complete the value of option $2 of command $1; fails when it takes none.\n"
                       "_teehost_value() {\n    case \"$1 $2\" in\n";
    for (const auto& command : program.commands)
        text += valueCases(command, command.name);
    return text + valueCases(program, "*") + "    *) return 1 ;;\n    esac\n}\n";
}

std::string optionCases(const CommandSpec& program)
{
    std::string text;
    for (const auto& command : program.commands) {
        const auto names = optionNames(command);
        if (!names.empty())
            text += "    " + command.name + ") own='" + joined(names, " ") + "' ;;\n";
    }
    return text;
}

std::string positionalCases(const CommandSpec& program)
{
    std::string text;
    for (const auto& command : program.commands)
        for (const auto& positional : command.positionals)
            text += "    " + command.name + ") " + completeValue(positional) + " ;;\n";
    return text;
}

std::string argumentFunctions(const CommandSpec& program)
{
    return "# Completes an option of command $1.\n"
           "_teehost_option() {\n    local own=\n    case $1 in\n" +
           optionCases(program) + "    esac\n    _teehost_words \"$own " + joined(optionNames(program), " ") +
           "\"\n}\n\n"
           "# Completes an argument of command $1.\n"
           "_teehost_argument() {\n    case $1 in\n" +
           positionalCases(program) + "    esac\n}\n";
}

std::string commandNames(const CommandSpec& program)
{
    std::vector<std::string> names;
    for (const auto& command : program.commands)
        names.push_back(command.name);
    return joined(names, " ");
}

constexpr const char* kHelpers =
    R"bash(_teehost_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

_teehost_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# Only what an id is made of: compgen would run a command substitution in a word.
_teehost_ids() {
    _teehost_words "$(teehost list --all --quiet --timeout 2s 2>/dev/null | tr -cd '0-9a-f\n-')"
}

_teehost_orphans() {
    _teehost_words "$(teehost orphans --quiet --timeout 2s 2>/dev/null | tr -cd '0-9a-f\n-')"
}

)bash";

constexpr const char* kEntry = R"bash(
_teehost() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= word how i
    COMPREPLY=()
    # Bash splits words at "=" and ":", which `--output=json` and addresses contain.
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $cur == ':' || $prev == ':' ]]; then
        return
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == ':' ]]; then
            ((i++))
        elif [[ $word == -* ]]; then
            _teehost_value "$command" "$word" || continue
            [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
            ((i++))
        elif [[ -z $command ]]; then
            command=$word
        fi
    done
    if [[ $prev == -* ]] && _teehost_value "$command" "$prev"; then
        "${how[@]}"
    elif [[ $cur == -* ]]; then
        _teehost_option "$command"
    elif [[ -z $command ]]; then
        _teehost_words "$_teehost_commands"
    else
        _teehost_argument "$command"
    fi
}

complete -F _teehost teehost
)bash";

} // namespace

std::string bashCompletion(const CommandSpec& program)
{
    return "# bash completion of teehost, generated by `teehost completion bash`\n"
           "# SPDX-License-Identifier: Apache-2.0\n\n"
           "_teehost_commands='" +
           commandNames(program) + "'\n\n" + kHelpers + valueFunction(program) + "\n" +
           argumentFunctions(program) + kEntry;
}

} // namespace teehost::cli
