// SPDX-License-Identifier: Apache-2.0
//
// Names of files, paths in zip files, and what an upload says of its algorithm. Input: any of them; of the
// last one type, interpreter and arguments, a line each.
#include <algorithm>
#include <filesystem>

#include "guest/agent/compute/names.h"
#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/task_metadata.h"
#include "tests/fuzz/property.h"

using namespace teehost;

namespace {

void checkPath(std::string_view path)
{
    const auto parts = guest::pathParts(path);
    if (!parts)
        return;
    fuzz::require(!parts->empty() && parts->size() <= guest::kMaxPathParts, "a path is bounded");
    std::filesystem::path joined;
    for (const auto& part : *parts) {
        fuzz::require(guest::isFileName(part), "each part is the name of a file");
        joined /= part;
    }
    fuzz::require(joined.is_relative() && joined.lexically_normal() == joined, "a path leads down");
    fuzz::require(joined.string() == path.substr(0, joined.string().size()), "nothing is made up");
}

void checkTask(std::string_view text)
{
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    lines.resize(std::max<std::size_t>(lines.size(), 2));
    try {
        const auto task = guest::readTask(lines[0], lines[1], {lines.begin() + 2, lines.end()});
        fuzz::require(task.arguments.size() <= guest::kMaxArguments, "arguments are bounded");
        fuzz::require(task.interpreter.empty() || guest::isFileName(task.interpreter),
                      "an interpreter is a program of /usr/bin");
    } catch (const guest::Refusal&) {
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::asText(data, size);
    if (guest::isFileName(text))
        fuzz::require(std::filesystem::path(text).filename() == text, "a file name is a file name");
    checkPath(text);
    checkTask(text);
    return 0;
}
