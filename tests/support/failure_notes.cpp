// SPDX-License-Identifier: Apache-2.0
#include "support/failure_notes.h"

#include <deque>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "support/files.h"

namespace teehost::test {
namespace {

constexpr std::size_t kShownLines = 40;

std::vector<std::filesystem::path>& notes()
{
    static std::vector<std::filesystem::path> files;
    return files;
}

void printEnd(const std::filesystem::path& file)
{
    std::deque<std::string> last;
    std::istringstream lines(readFile(file));
    for (std::string line; std::getline(lines, line);) {
        last.push_back(line);
        if (last.size() > kShownLines)
            last.pop_front();
    }
    std::cerr << "---- the end of " << file.string() << "\n";
    for (const auto& line : last)
        std::cerr << line << "\n";
}

} // namespace

void noteOnFailure(const std::filesystem::path& file) { notes().push_back(file); }

void forgetNote(const std::filesystem::path& file) { std::erase(notes(), file); }

void printNotes()
{
    for (const auto& file : notes())
        printEnd(file);
}

} // namespace teehost::test
