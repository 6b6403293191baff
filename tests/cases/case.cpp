// SPDX-License-Identifier: Apache-2.0
#include "cases/case.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>

namespace teehost::cases {
namespace {

std::string lowered(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

/// Every member of `expected` is in `actual`, digests whatever their case.
void compare(const std::string& where, const Json& expected, const Json& actual,
             std::vector<std::string>& out)
{
    if (expected.is_object() && actual.is_object()) {
        for (const auto& [key, value] : expected.items())
            if (actual.contains(key))
                compare(where + "." + key, value, actual[key], out);
            else
                out.push_back(where + "." + key + ": expected " + value.dump() + ", nothing came out");
        return;
    }
    const bool equal = expected.is_string() && actual.is_string()
                           ? lowered(expected.get<std::string>()) == lowered(actual.get<std::string>())
                           : expected == actual;
    if (!equal)
        out.push_back(where + ": expected " + expected.dump() + ", came out " + actual.dump());
}

Bytes contentsOf(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw NotUnderstood("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Whether it must come out well; nothing when both are fine. Said as result, ok or parses.
std::optional<bool> mustPass(const Json& expect)
{
    for (const char* key : {"ok", "parses"})
        if (expect.contains(key)) {
            if (!expect[key].is_null() && !expect[key].is_boolean())
                throw NotUnderstood(std::string("\"") + key + "\" is neither true, false nor null");
            return expect[key].is_null() ? std::nullopt : std::optional(expect[key] == true);
        }
    const Json result = expect.value("result", Json("ok"));
    for (const char* good : {"ok", "ok-without-collateral"})
        if (result == good)
            return true;
    for (const char* bad : {"fail", "error"})
        if (result == bad)
            return false;
    throw NotUnderstood("the result " + result.dump() + " is not known");
}

/// An input for people.
bool isComment(const std::string& key) { return key == "note" || key == "origin"; }

bool isRemark(const std::string& key)
{
    return key == "result" || key == "ok" || key == "parses" || key == "reason" || key == "reason_any_of" ||
           key.ends_with("note");
}

/// A result that says more than "ok" must be what the runner says.
void compareResult(const Json& expect, const Outcome& outcome, std::vector<std::string>& out)
{
    const Json wanted = expect.value("result", Json("ok")), got = outcome.values.value("result", Json("ok"));
    if (expect.contains("result") && wanted != got)
        out.push_back("result: expected " + wanted.dump() + ", came out " + got.dump());
}

/// A note may name further reasons that are fine.
bool isNoted(const Case& item, const std::string& reason)
{
    const std::string note = item.text("note", "");
    for (std::size_t at = note.find(reason); at != std::string::npos; at = note.find(reason, at + 1)) {
        const auto isWord = [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
        };
        const bool startsWord = at == 0 || !isWord(note[at - 1]);
        const bool endsWord = at + reason.size() == note.size() || !isWord(note[at + reason.size()]);
        if (startsWord && endsWord)
            return true;
    }
    return false;
}

/// Tells the differences from what the case expects.
std::vector<std::string> differences(const Case& item, const Outcome& outcome)
{
    const Json& expect = item.expect();
    std::vector<std::string> out;
    const std::optional<bool> wanted = mustPass(expect);
    if (wanted && *wanted != outcome.accepted) {
        out.push_back(!*wanted ? "expected to be refused (" + expect.value("reason", "any reason") +
                                     "), was accepted"
                               : "expected to be accepted, was refused: " + outcome.reasons.front() + ", " +
                                     outcome.message);
        return out;
    }
    if (!outcome.accepted) {
        const std::string reason = expect.value("reason", "");
        const Json anyOf = expect.value("reason_any_of", Json::array({reason}));
        const bool named = std::any_of(outcome.reasons.begin(), outcome.reasons.end(), [&](const auto& r) {
            return std::find(anyOf.begin(), anyOf.end(), Json(r)) != anyOf.end();
        });
        const bool noted = std::any_of(outcome.reasons.begin(), outcome.reasons.end(),
                                       [&](const std::string& r) { return isNoted(item, r); });
        if (anyOf != Json::array({""}) && !named && !noted)
            out.push_back("expected to be refused for " + anyOf.dump() + ", was for " +
                          outcome.reasons.front() + ", " + outcome.message);
        return out;
    }
    compareResult(expect, outcome, out);
    for (const auto& [key, value] : expect.items())
        if (!isRemark(key) || (key != "result" && outcome.values.contains(key)))
            compare(key, value, outcome.values.value(key, Json()), out);
    return out;
}

} // namespace

Case::Case(const Json& json, std::filesystem::path folder)
    : name_(json.value("name", "?")), kind_(json.value("kind", "?")),
      inputs_(json.value("inputs", Json::object())), expect_(json.value("expect", Json::object())),
      files_(json.value("files", Json())), folder_(std::move(folder))
{
}

bool Case::has(const std::string& key) const
{
    askedInputs_.insert(key);
    return inputs_.contains(key) && !inputs_[key].is_null();
}

const Json& Case::input(const std::string& key) const
{
    if (!has(key))
        throw NotUnderstood("the input \"" + key + "\" is missing");
    return inputs_[key];
}

std::string Case::text(const std::string& key) const
{
    if (!has(key) || !inputs_[key].is_string())
        throw NotUnderstood("the input \"" + key + "\" is not text");
    return inputs_[key].get<std::string>();
}

std::string Case::text(const std::string& key, const std::string& absent) const
{
    return has(key) ? text(key) : absent;
}

std::uint64_t Case::number(const std::string& key) const
{
    if (has(key) && inputs_[key].is_number_unsigned())
        return inputs_[key].get<std::uint64_t>();
    const std::string digits = text(key);
    const int base = digits.starts_with("0x") ? 16 : 10;
    const char* begin = digits.c_str() + (base == 16 ? 2 : 0);
    const char* end = digits.c_str() + digits.size();
    std::uint64_t value = 0;
    if (const auto read = std::from_chars(begin, end, value, base); read.ec != std::errc() || read.ptr != end)
        throw NotUnderstood("the input \"" + key + "\" is not a number");
    return value;
}

bool Case::flag(const std::string& key) const
{
    if (!has(key))
        return false;
    if (!inputs_[key].is_boolean())
        throw NotUnderstood("the input \"" + key + "\" is not true or false");
    return inputs_[key].get<bool>();
}

std::string Case::path(const std::string& key) const { return folder_ / text(key); }

Bytes Case::file(const std::string& key) const { return contentsOf(path(key)); }

std::string Case::rolePath(const std::string& role) const
{
    askedRoles_.insert(role);
    const auto there = [&](const Json& file) { return (folder_ / file.get<std::string>()).string(); };
    if (files_.is_object())
        return files_.contains(role) && files_[role].is_string() ? there(files_[role]) : std::string();
    if (!files_.is_array())
        return {};
    for (const Json& file : files_)
        if (file.is_string() &&
            (files_.size() == 1 ||
             std::filesystem::path(file.get<std::string>()).filename().string().find(role) !=
                 std::string::npos))
            return there(file);
    return {};
}

bool Case::hasRole(const std::string& role) const { return !rolePath(role).empty(); }

Bytes Case::roleFile(const std::string& role) const
{
    const std::string found = rolePath(role);
    if (found.empty())
        throw NotUnderstood("there is no file in the role \"" + role + "\"");
    return contentsOf(found);
}

std::int64_t Case::time(const std::string& key) const
{
    std::tm parts{};
    const std::string written = text(key);
    const char* end = ::strptime(written.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == nullptr || *end != '\0')
        throw NotUnderstood("the input \"" + key + "\" is not a time");
    return ::timegm(&parts);
}

void Case::expectInputs(std::initializer_list<const char*> known) const
{
    for (const auto& [key, value] : inputs_.items())
        if (!isComment(key) && std::find(known.begin(), known.end(), key) == known.end())
            throw NotUnderstood("the input \"" + key + "\" is not known");
}

void Case::expectRoles(const std::vector<std::string>& known) const
{
    if (!files_.is_object())
        return; // a list says which files there are, and no more
    for (const auto& [role, file] : files_.items()) {
        if (std::find(known.begin(), known.end(), role) == known.end())
            throw NotUnderstood("the role \"" + role + "\" of a file is not known to the kind \"" + kind_ +
                                "\"");
        if (!file.is_string())
            throw NotUnderstood("the file in the role \"" + role + "\" is not named by a text");
    }
}

std::vector<std::string> Case::unused() const
{
    std::vector<std::string> out;
    if (files_.is_object())
        for (const auto& [role, file] : files_.items())
            if (!askedRoles_.contains(role))
                out.push_back("the file in the role \"" + role + "\" was not used");
    for (const auto& [key, value] : inputs_.items())
        if (key.starts_with("mutate") && !askedInputs_.contains(key))
            out.push_back("the changes of \"" + key + "\" were not made");
    return out;
}

std::vector<std::string> runCase(const Case& item, const Runners& runners)
{
    const auto kind = runners.find(item.kind());
    if (kind == runners.end())
        return {"nobody knows cases of the kind \"" + item.kind() + "\""};
    try {
        item.expectRoles(kind->second.roles);
        const Outcome outcome = kind->second.run(item);
        auto found = differences(item, outcome);
        if (outcome.accepted) // a refusal may come before all was looked at
            for (auto& what : item.unused())
                found.push_back(std::move(what));
        return found;
    } catch (const std::exception& e) {
        return {std::string("could not be run: ") + e.what()};
    }
}

Outcome refused(std::string_view reason, const std::string& message)
{
    Outcome outcome;
    outcome.reasons = {std::string(reason)};
    outcome.message = message;
    return outcome;
}

} // namespace teehost::cases
