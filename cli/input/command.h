// SPDX-License-Identifier: Apache-2.0
//
// A command and its options, as the files of the commands declare them:
//
//     command.option("--label", options->labels, "Only VMs that carry this
//     label").value("KEY=VALUE").oneValueEach(); command.flag("-a,--all", options->all, "Also those that have
//     stopped"); command.onRun([options, &session] { listVms(*options, session); });
//
// CLI11 parses them. Its header takes a compiler some four seconds, so that only the files include it which
// build, describe and run the whole program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace teehost::cli {

/// A declared option, for saying more of it. A copy stands for the same option, which belongs to its command.
class Option {
public:
    explicit Option(CLI::Option& option) noexcept : option_(&option) {}

    /// The placeholder of its value in the help, which also tells the shell's completion what to offer:
    /// "FILE".
    Option value(const std::string& placeholder) const;
    /// The heading that it stands under in the help.
    Option group(const std::string& heading) const;
    /// The text that the help shows instead of the placeholder.
    Option shownAs(const std::string& text) const;
    Option required() const;
    /// Takes one value each time it is given, instead of all words up to the next option.
    Option oneValueEach() const;
    Option oneOf(const std::vector<std::string>& choices) const;
    Option between(std::uint32_t least, std::uint32_t most) const;
    /// `check` says what is wrong with a value; empty text accepts it.
    Option check(const std::function<std::string(const std::string&)>& check) const;
    /// It cannot be given together with an option that was declared before it.
    Option excludes(const std::string& name) const;
    /// It can only be given together with an option that was declared before it.
    Option needs(const std::string& name) const;

private:
    CLI::Option* option_;
};

/// A command of the program. A copy stands for the same command, which belongs to the program. `names` are
/// "--all",
/// "-a,--all", or a placeholder for a positional; targets must live as long as the program.
class Command {
public:
    explicit Command(CLI::App& app) noexcept : app_(&app) {}

    Option option(const std::string& names, std::string& target, const std::string& help) const;
    Option option(const std::string& names, std::optional<std::string>& target,
                  const std::string& help) const;
    Option option(const std::string& names, std::filesystem::path& target, const std::string& help) const;
    Option option(const std::string& names, std::uint32_t& target, const std::string& help) const;
    Option option(const std::string& names, std::uint64_t& target, const std::string& help) const;
    Option option(const std::string& names, std::vector<std::string>& target, const std::string& help) const;
    /// `take` is called with the value, and says what is wrong with it by throwing Failure.
    Option option(const std::string& names, std::function<void(const std::string&)> take,
                  const std::string& help) const;

    Option flag(const std::string& names, bool& target, const std::string& help) const;
    /// "--wait{running}" stands for the text in braces unless the command line says another: --wait=booting.
    Option flag(const std::string& names, std::string& target, const std::string& help) const;

    /// Whether the command line has the option or positional of that name. Only for use while the command
    /// runs.
    [[nodiscard]] bool given(const std::string& name) const;
    /// Sets the work of the command: it runs once the whole command line was read.
    void onRun(std::function<void()> run) const;

private:
    CLI::App* app_;
};

} // namespace teehost::cli
