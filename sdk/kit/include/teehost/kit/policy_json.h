// SPDX-License-Identifier: Apache-2.0
//
// Policies of attesters: a JSON object of rules, each read by a function that knows its type. What is not
// understood is refused with InputError policy: a rule that is misspelt must not pass for one that is kept.
//
//     const PolicyRules<Policy> kRules{
//         {"vmpl", ruleOf(&Policy::vmpl, policy::upTo(3))},
//         {"host_data", listRule(&Policy::hostData, policy::sized(32))}};
//     Policy policy;
//     kRules.read(policy, policy::document(json));
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "teehost/kit/bytes.h"
#include "teehost/kit/input_error.h"
#include "teehost/kit/json.h"

namespace teehost::kit {

namespace policy {

/// The whole document; InputError policy when it is not a JSON object, or says one thing twice.
[[nodiscard]] Json document(std::string_view text);
/// `the policy's "KEY" must be WHAT`
[[nodiscard]] InputError wrong(const std::string& key, const std::string& what);

// Readers of one value; `key` is what a refusal names.

[[nodiscard]] bool flag(const std::string& key, const Json& value);
/// Not empty.
[[nodiscard]] std::string text(const std::string& key, const Json& value);
/// A number, or text: decimal, or hexadecimal with 0x (JSON has no hexadecimal, and bits are written so).
[[nodiscard]] std::uint64_t number(const std::string& key, const Json& value,
                                   std::uint64_t most = UINT64_MAX);
/// Hexadecimal.
[[nodiscard]] Bytes bytes(const std::string& key, const Json& value, std::size_t least, std::size_t most);

/// Readers as arguments of rules.
[[nodiscard]] inline auto upTo(std::uint64_t most)
{
    return [most](const std::string& key, const Json& value) { return number(key, value, most); };
}
[[nodiscard]] inline auto sized(std::size_t size)
{
    return [size](const std::string& key, const Json& value) { return bytes(key, value, size, size); };
}
/// `size` bytes, or exactly `shorter` that zeros follow.
[[nodiscard]] inline auto padded(std::size_t size, std::size_t shorter)
{
    return [=](const std::string& key, const Json& value) {
        const bool isShort = value.is_string() && value.get_ref<const std::string&>().size() == 2 * shorter;
        Bytes out = isShort ? bytes(key, value, shorter, shorter) : bytes(key, value, size, size);
        out.resize(size);
        return out;
    };
}

/// One, or a list of them with something in it: nothing can equal an element of an empty one.
template <class Read>
[[nodiscard]] auto several(const std::string& key, const Json& value, Read&& read)
{
    std::vector<decltype(read(key, value))> out;
    for (const Json& element : value.is_array() ? value : Json::array({value}))
        out.push_back(read(key, element));
    if (out.empty())
        throw wrong(key, "a list with something in it: nothing can equal an element of an empty one");
    return out;
}

template <class T>
struct Word {
    std::string_view name;
    T value;
};
/// The value that one of a few words stands for.
template <class T>
[[nodiscard]] T choice(const std::string& key, const Json& value, std::span<const Word<T>> words)
{
    std::string names;
    for (const Word<T>& word : words) {
        if (value.is_string() && value.get_ref<const std::string&>() == word.name)
            return word.value;
        names += (names.empty() ? "" : ", ") + std::string(word.name);
    }
    throw wrong(key, "one of " + names);
}

} // namespace policy

/// What a policy document may say, by key.
template <class Policy>
class PolicyRules {
public:
    using Setter = std::function<void(Policy&, const std::string& key, const Json& value)>;

    PolicyRules(std::initializer_list<std::pair<const std::string, Setter>> setters) : setters_(setters) {}

    /// `prefix` is of an object inside the document.
    void read(Policy& policy, const Json& object, const std::string& prefix = {}) const
    {
        if (!object.is_object())
            throw policy::wrong(prefix, "an object");
        for (const auto& [name, value] : object.items()) {
            const auto setter = setters_.find(name);
            if (setter == setters_.end())
                throw InputError("policy", "the policy has the unknown rule \"" +
                                               (prefix.empty() ? "" : prefix + ".") + name + "\"");
            setter->second(policy, (prefix.empty() ? "" : prefix + ".") + name, value);
        }
    }

private:
    std::map<std::string, Setter, std::less<>> setters_;
};

/// A rule of one value.
template <class Policy, class Member, class Read>
[[nodiscard]] auto ruleOf(Member Policy::*member, Read read)
{
    return [=](Policy& p, const std::string& key, const Json& value) { p.*member = read(key, value); };
}
/// A rule of one value or several, any of which will do.
template <class Policy, class Element, class Read>
[[nodiscard]] auto listRule(std::vector<Element> Policy::*member, Read read)
{
    return [=](Policy& p, const std::string& key, const Json& value) {
        p.*member = policy::several(key, value, read);
    };
}

} // namespace teehost::kit
