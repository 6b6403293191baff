// SPDX-License-Identifier: Apache-2.0
//
// The environment file as the guest reads it, from a host it does not trust.
#include "guest/agent/environment.h"

#include <set>

#include "tests/fuzz/property.h"

namespace {

using namespace teehost;
using namespace std::string_view_literals;

constexpr auto kDigits = "0123456789"sv;
constexpr auto kNameBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"sv;

bool isName(std::string_view text)
{
    return !text.empty() && text.size() <= guest::kMaxNameBytes &&
           text.find_first_not_of(kNameBytes) == std::string_view::npos &&
           kDigits.find(text.front()) == std::string_view::npos;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = fuzz::asText(data, size);
    const auto environment = guest::parseEnvironment(text);
    fuzz::require(environment.variables.size() <= guest::kMaxVariables, "the variables are bounded");
    fuzz::require(environment.problems.size() <= guest::kMaxVariables + 2, "so are the complaints");

    std::set<std::string_view> names;
    std::string written;
    for (const auto& [name, value] : environment.variables) {
        fuzz::require(isName(name), "a variable's name is a name");
        fuzz::require(names.insert(name).second, "a name stands once");
        fuzz::require(value.find_first_of("\0\n"sv) == std::string::npos, "a value is one line without NUL");
        fuzz::require(environment.find(name) == value, "a variable is found by its name");
        const std::string line = name + "=" + value;
        fuzz::require(("\n" + std::string(text) + "\n").find("\n" + line + "\n") != std::string::npos,
                      "a variable is a whole line of the file");
        written += line + "\n";
    }
    const auto again = guest::parseEnvironment(written);
    fuzz::require(again.problems.empty() && again.variables.size() == environment.variables.size(),
                  "what was read is itself a good file");
    std::size_t last = 0;
    for (const auto& problem : environment.problems) {
        fuzz::require(problem.line >= last && !problem.reason.empty(),
                      "complaints come in order of the lines");
        last = problem.line;
    }
    return 0;
}
