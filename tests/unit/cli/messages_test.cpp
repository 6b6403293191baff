// SPDX-License-Identifier: Apache-2.0
//
// Every message of the product that names a command, an option of the daemon or a setting: they must exist.
// The texts are the string literals of the sources; the commands are those that the programs have.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <CLI/CLI.hpp>
#include <cppunit/extensions/HelperMacros.h>

#include "cli/attest/local_plugins.h"
#include "cli/commands/commands.h"
#include "cli/program.h"
#include "run_program.h"

namespace teehost::cli {
namespace {

using Names = std::set<std::string>;

/// The string literals of a C++ source, those that stand side by side joined, comments left out.
class Literals {
public:
    explicit Literals(const std::string& source) : source_(source)
    {
        while (at_ < source_.size())
            step();
    }
    [[nodiscard]] const std::vector<std::string>& all() const noexcept { return all_; }

private:
    [[nodiscard]] bool at(std::string_view text) const
    {
        return source_.compare(at_, text.size(), text) == 0;
    }
    void skipPast(std::string_view text)
    {
        const auto end = source_.find(text, at_);
        at_ = end == std::string::npos ? source_.size() : end + text.size();
    }
    void step()
    {
        if (at("//"))
            skipPast("\n");
        else if (at("/*"))
            skipPast("*/");
        else if (at("R\""))
            raw();
        else if (at("\""))
            quoted();
        else if (at("'") && (at_ == 0 || std::isalnum(static_cast<unsigned char>(source_[at_ - 1])) == 0))
            character();
        else
            code();
    }
    void code()
    {
        beside_ = beside_ && std::isspace(static_cast<unsigned char>(source_[at_])) != 0;
        ++at_;
    }
    void character()
    {
        at_ += source_.compare(at_ + 1, 1, "\\") == 0 ? 3 : 2;
        skipPast("'");
        beside_ = false;
    }
    void quoted()
    {
        std::string text;
        for (++at_; at_ < source_.size() && source_[at_] != '"'; ++at_) {
            const bool escaped = source_[at_] == '\\';
            if (escaped)
                ++at_;
            text += escaped && std::string_view("nrt").find(source_[at_]) != std::string_view::npos
                        ? ' '
                        : source_[at_];
        }
        ++at_;
        keep(std::move(text));
    }
    void raw()
    {
        const auto open = source_.find('(', at_);
        const std::string end = ")" + source_.substr(at_ + 2, open - at_ - 2) + "\"";
        at_ = open + 1;
        const auto close = source_.find(end, at_);
        std::string text = source_.substr(at_, close - at_);
        at_ = close + end.size();
        keep(std::move(text));
    }
    void keep(std::string text)
    {
        if (beside_)
            all_.back() += text;
        else
            all_.push_back(std::move(text));
        beside_ = true;
    }

    const std::string& source_;
    std::size_t at_ = 0;
    bool beside_ = false; ///< only blanks since the last literal
    std::vector<std::string> all_;
};

struct Message {
    std::string file, text;
};

std::vector<Message> messages()
{
    std::vector<Message> out;
    for (const char* folder : {"host", "plugins", "cli", "sdk/kit", "guest"})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(
                 std::filesystem::path(TEEHOST_SOURCE_DIR) / folder)) {
            const auto extension = entry.path().extension();
            if (extension != ".cpp" && extension != ".h")
                continue;
            std::stringstream source;
            source << std::ifstream(entry.path()).rdbuf();
            const std::string text = source.str();
            const Literals literals(text);
            for (const std::string& literal : literals.all())
                if (literal.find(' ') != std::string::npos)
                    out.push_back({entry.path().string(), literal});
        }
    return out;
}

/// Visits the first group of each place where `pattern` fits a message, with the file.
template <typename Visit>
void eachMatch(const std::regex& pattern, Visit visit)
{
    for (const Message& message : messages())
        for (std::sregex_iterator it(message.text.begin(), message.text.end(), pattern), end; it != end; ++it)
            visit((*it)[1].str(), message);
}

class MessagesTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MessagesTest);
    CPPUNIT_TEST(readsLiterals);
    CPPUNIT_TEST(namesCommandsThatExist);
    CPPUNIT_TEST(namesOptionsOfCommandsThatExist);
    CPPUNIT_TEST(namesOptionsOfTheDaemonThatExist);
    CPPUNIT_TEST(namesSettingsThatExist);
    CPPUNIT_TEST_SUITE_END();

    void readsLiterals()
    {
        const std::string source =
            "a(\"one \" // \"no\"\n  \"two\\n\", 'x', '\"', \"three\"); /* \"no\" */ R\"(fo\"ur)\" \"5\"";
        CPPUNIT_ASSERT((std::vector<std::string>{"one two ", "three", "fo\"ur5"} == Literals(source).all()));
    }

    /// Gathers what does not exist, to tell all of it at once.
    class Missing {
    public:
        void expect(bool exists, const std::string& name, const Message& message)
        {
            ++seen_;
            if (!exists)
                text_ += "\n" + message.file + ": \"" + message.text + "\" names \"" + name + "\"";
        }
        void expectNone(int seenAtLeast) const
        {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text_, std::string(), text_);
            CPPUNIT_ASSERT_MESSAGE("only " + std::to_string(seen_) + " were found", seen_ >= seenAtLeast);
        }

    private:
        std::string text_;
        int seen_ = 0;
    };

    /// Words that follow the program's name where it is the subject of a sentence.
    static bool isProse(const std::string& word)
    {
        static const Names kProse{"is", "started", "and", "daemon", "that"};
        return kProse.contains(word);
    }

    void namesCommandsThatExist()
    {
        Session session;
        CLI::App app;
        buildProgram(app, session, addOnDemandCommands);
        Names verbs;
        for (const CLI::App* command : app.get_subcommands({}))
            verbs.insert(command->get_name());
        Missing missing;
        eachMatch(std::regex("\\bteehost ([a-z][a-z-]*)"),
                  [&](const std::string& verb, const Message& message) {
                      if (!isProse(verb))
                          missing.expect(verbs.contains(verb), verb, message);
                  });
        missing.expectNone(20);
    }

    void namesOptionsOfCommandsThatExist()
    {
        Session session;
        CLI::App app;
        buildProgram(app, session, addOnDemandCommands);
        Missing missing;
        const std::regex call("\\bteehost ([a-z][a-z-]*[^\n`;|]*)");
        const std::regex option("(?:^|\\s)(--[a-z][a-z-]*)");
        eachMatch(call, [&](const std::string& words, const Message& message) {
            const auto commands = app.get_subcommands(
                [verb = words.substr(0, words.find(' '))](CLI::App* one) { return one->get_name() == verb; });
            const CLI::App* command = commands.empty() ? nullptr : commands.front();
            for (std::sregex_iterator it(words.begin(), words.end(), option), end;
                 command != nullptr && it != end; ++it) {
                const std::string name = (*it)[1];
                const bool known = name == "--help" || command->get_option_no_throw(name) != nullptr ||
                                   app.get_option_no_throw(name) != nullptr;
                missing.expect(known, "teehost " + words + "\", and in it \"" + name, message);
            }
        });
        missing.expectNone(20);
    }

    void namesOptionsOfTheDaemonThatExist()
    {
        const auto help = test::run({"--help"}, test::Stdout::Pipe, {}, TEEHOST_DAEMON).out;
        Names options;
        const std::regex option("(--[a-z][a-z-]*)");
        for (std::sregex_iterator it(help.begin(), help.end(), option), end; it != end; ++it)
            options.insert((*it)[1]);
        CPPUNIT_ASSERT(options.contains("--recover"));
        Missing missing;
        eachMatch(std::regex("\\bteehostd (--[a-z][a-z-]*)"),
                  [&](const std::string& name, const Message& message) {
                      missing.expect(options.contains(name), name, message);
                  });
        missing.expectNone(3);
    }

    /// A setting in a message begins as settings do ("qemu.", "sev-snp."). Names of the same form that are
    /// none: files, a setting of the kernel, and a reference value.
    void namesSettingsThatExist()
    {
        PluginOptions plugins;
        plugins.overrides = {"plugins.allow_own=true", "plugins.dir=" TEEHOST_PLUGIN_DIR};
        const LocalPlugins loaded(plugins, std::chrono::minutes(1));
        Names keys, beginnings;
        for (const auto& option : loaded.settings().table().all()) {
            keys.insert(option.key);
            beginnings.insert(option.key.substr(0, option.key.find('.')));
        }
        CPPUNIT_ASSERT(keys.contains("sev-snp.debug_swap") && beginnings.contains("qemu"));
        const auto exists = [&](const std::string& name) {
            const auto next = keys.lower_bound(name); // "vm.boot_timeout_" is the beginning of one
            return keys.contains(name) ||
                   (name.ends_with('_') && next != keys.end() && next->starts_with(name));
        };
        static const Names kOthers{"qemu.log",  "tdx.ko",          "agent.key",
                                   "agent.crt", "vm.nr_hugepages", "tdx.rtmr0_events"};
        Missing missing;
        eachMatch(std::regex("(?:^|[^A-Za-z0-9_./-])([a-z][a-z-]*(?:\\.[a-z][a-z0-9_]*)+)(?![A-Za-z0-9_/-])"),
                  [&](const std::string& name, const Message& message) {
                      if (!beginnings.contains(name.substr(0, name.find('.'))) || kOthers.contains(name))
                          return;
                      missing.expect(exists(name), name, message);
                  });
        missing.expectNone(100);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MessagesTest);

} // namespace
} // namespace teehost::cli
