// SPDX-License-Identifier: Apache-2.0
//
// One case of a cases.json: inputs, and what must come out of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace teehost::cases {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

/// The case asks for something that its runner does not know, so nothing can be said of it: it counts as
/// failed.
class NotUnderstood : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Case {
public:
    Case(const Json& json, std::filesystem::path folder);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
    /// An input of any type; throws NotUnderstood when it is missing.
    [[nodiscard]] const Json& input(const std::string& key) const;
    [[nodiscard]] const Json& expect() const noexcept { return expect_; }
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

    /// Contents of the file in that role. `files` is an object from role to file, or a list: then the role is
    /// (a part of) the file's name, and the only file of a list is in every role.
    [[nodiscard]] Bytes roleFile(const std::string& role) const;
    [[nodiscard]] bool hasRole(const std::string& role) const;
    /// Where the file or folder in that role is; empty when there is none.
    [[nodiscard]] std::string rolePath(const std::string& role) const;

    // Inputs; each throws NotUnderstood when it is missing or of another type.
    [[nodiscard]] bool has(const std::string& key) const; ///< there and not null
    [[nodiscard]] std::string text(const std::string& key) const;
    [[nodiscard]] std::string text(const std::string& key, const std::string& absent) const;
    /// A number, or text with 0x.
    [[nodiscard]] std::uint64_t number(const std::string& key) const;
    [[nodiscard]] bool flag(const std::string& key) const; ///< false when absent
    /// Contents of the file that the input names.
    [[nodiscard]] Bytes file(const std::string& key) const;
    [[nodiscard]] std::string path(const std::string& key) const;
    /// Seconds since the Unix epoch of "2025-10-01T00:00:00Z".
    [[nodiscard]] std::int64_t time(const std::string& key) const;
    /// Every key of the inputs is one of these; else NotUnderstood.
    void expectInputs(std::initializer_list<const char*> known) const;

    /// Every role that `files` names is one of these; else NotUnderstood.
    void expectRoles(const std::vector<std::string>& known) const;
    /// Roles of `files`, and changes to them, that nobody has asked for so far: the outcome says nothing of
    /// them. Other inputs may be there for people.
    [[nodiscard]] std::vector<std::string> unused() const;

private:
    std::string name_, kind_;
    Json inputs_, expect_, files_;
    std::filesystem::path folder_;
    mutable std::set<std::string> askedRoles_, askedInputs_;
};

/// What came out, in the words of `expect`.
struct Outcome {
    bool accepted = false;
    std::vector<std::string> reasons; ///< of a refusal: any of them names its first cause
    std::string message;              ///< of a refusal, for people
    Json values = Json::object();     ///< what was computed or decoded
};

[[nodiscard]] Outcome refused(std::string_view reason, const std::string& message);

/// Runs one case through the code under test.
using Runner = std::function<Outcome(const Case&)>;
struct Kind {
    Runner run;
    std::vector<std::string> roles{}; ///< of `files` where that is an object
};
using Runners = std::map<std::string, Kind>; ///< by name of the kind

/// Runs a case and says what differs from what it expects; empty when it came out as stated. A kind, a role,
/// a change or a result that is not known differs too, and so does what the runner did not use.
[[nodiscard]] std::vector<std::string> runCase(const Case& item, const Runners& runners);

// One for each folder of vectors.
void addSevSnpCases(Runners& runners);
void addTdxMeasureCases(Runners& runners);
void addTdxQuoteCases(Runners& runners);
/// `predict` says what the inputs of a measured boot determine, in the words of its `expect`.
using Predict = std::function<Json(const Case&)>;
void addVtpmCases(Runners& runners, const Predict& predict);

} // namespace teehost::cases
