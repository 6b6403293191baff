// SPDX-License-Identifier: Apache-2.0
//
// The effective value of every option. Layers, strongest first: command line (--set key=value), environment,
// file, default. Built once at the start and immutable afterwards, so every thread may read it.
//
//     Settings settings = loadSettings(table, {.file = path, .environment = env, .overrides =
//     {"grpc.port=0"}}, warnings); auto port = settings.number("grpc.port");
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/settings/findings.h"
#include "host/settings/option_table.h"

namespace teehost::settings {

struct Effective {
    Value value;
    std::string text;   ///< as it was written
    std::string source; ///< "default", "file /etc/…", "environment MANAGER_…", "command line"
};

class Settings {
public:
    explicit Settings(OptionTable table) : table_(std::move(table)) {}

    [[nodiscard]] const OptionTable& table() const noexcept { return table_; }
    /// Absent when neither a layer nor a default sets the option.
    [[nodiscard]] const Effective* find(std::string_view key) const;

    /// The getters throw Internal for a key that is not in the table or has another type: a bug of ours.
    /// An option without a value reads as "", 0, false or empty.
    [[nodiscard]] std::string text(std::string_view key) const;
    [[nodiscard]] std::uint64_t number(std::string_view key) const;
    [[nodiscard]] double ratio(std::string_view key) const;
    [[nodiscard]] bool flag(std::string_view key) const;
    /// Absent for "auto".
    [[nodiscard]] std::optional<bool> flagOrAuto(std::string_view key) const;
    [[nodiscard]] std::chrono::nanoseconds duration(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const;

    void set(const OptionSpec& spec, Effective effective) { values_[spec.key] = std::move(effective); }

private:
    template <class T>
    T get(std::string_view key) const;

    OptionTable table_;
    std::map<std::string, Effective, std::less<>> values_;
};

using Environment = std::map<std::string, std::string, std::less<>>;
using FileValues = std::map<std::string, std::string, std::less<>>;

/// The value of a variable without the blanks, the carriage return and the pair of quotes that programs which
/// read environment files leave around it: docker --env-file hands on quotes, a shell the ends of lines of
/// Windows.
[[nodiscard]] std::string unwrapped(std::string_view value);

/// The process's environment as it is now.
[[nodiscard]] Environment processEnvironment();

/// Reads a .properties, .ini, .xml or .json file into dotted keys. Refuses, naming the file, what it cannot
/// take as a setting: keys that are given twice, values that are none, whatever has another form. Gives what
/// it could read.
[[nodiscard]] FileValues readSettingsFile(const std::string& path, Findings& findings);
/// The same; throws the first refusal as InvalidArgument.
[[nodiscard]] FileValues readSettingsFile(const std::string& path);

struct Sources {
    std::string file;      ///< path for messages; empty = no file
    FileValues fileValues; ///< as readSettingsFile gave them
    Environment environment;
    std::vector<std::string> overrides; ///< "key=value" from --set
    std::string baseDir;                ///< what relative paths are resolved against
};

/// Layers and validates. Every problem is a refusal of one line: name, value, what is allowed, where it came
/// from; the option has its default then, so that all others can be looked at. What is only odd (unknown
/// names, deprecated options, quotes around the value of a variable) is a warning.
[[nodiscard]] Settings loadSettings(OptionTable table, const Sources& sources, Findings& findings);
/// The same; throws the first refusal as InvalidArgument, and appends the warnings to `warnings`.
[[nodiscard]] Settings loadSettings(OptionTable table, const Sources& sources,
                                    std::vector<std::string>& warnings);

} // namespace teehost::settings
