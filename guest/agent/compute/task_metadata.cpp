// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/compute/task_metadata.h"

#include <algorithm>

#include "guest/agent/compute/refusal.h"
#include "guest/agent/printable.h"

namespace teehost::guest {
namespace {

constexpr std::string_view kPython = "python3";

/// "python3", "python3.11"
bool isPython(std::string_view name)
{
    if (!name.starts_with(kPython))
        return false;
    name.remove_prefix(kPython.size());
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    return name.empty() || (name.size() >= 2 && name.size() <= 4 && name.front() == '.' &&
                            std::all_of(name.begin() + 1, name.end(), isDigit));
}

} // namespace

Task readTask(std::string_view type, std::string_view interpreter, std::vector<std::string> arguments)
{
    std::size_t bytes = 0;
    for (const auto& argument : arguments)
        bytes += argument.size() + 1;
    const bool hasNul = std::any_of(arguments.begin(), arguments.end(), [](const auto& argument) {
        return argument.find('\0') != std::string::npos;
    });
    if (arguments.size() > kMaxArguments || bytes > kMaxArgumentBytes || hasNul)
        throw Refusal(Refusal::Kind::Input, "an algorithm has at most 64 arguments and 16 KiB of them");
    Task task;
    task.arguments = std::move(arguments);
    if (type.empty() || type == "bin")
        return task;
    if (type != "python")
        throw Refusal(Refusal::Kind::Input,
                      "algorithms of type " + printable(type, 32) +
                          " do not run here: the reference agent runs bin, and python in "
                          "an image made by guest/build --with-python");
    task.kind = Task::Kind::Python;
    task.interpreter = interpreter.empty() ? kPython : interpreter;
    if (!isPython(task.interpreter))
        throw Refusal(Refusal::Kind::Input,
                      "the python runtime is python3 or python3.N, not " + printable(task.interpreter, 32));
    return task;
}

} // namespace teehost::guest
