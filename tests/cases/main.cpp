// SPDX-License-Identifier: Apache-2.0
//
//   teehost-cases DIR...
//
// Walks folders of test vectors: each DIR has a cases.json, a list of {name, kind, files, inputs, expect}
// whose paths are relative to it. Every case runs through the code that plugins and daemon are made of.
// Prints what did not come out as stated, and last "N passed, N failed"; a kind, a role of a file, a change
// or a result that is not known or not used counts as failed, and nothing is skipped.
#include <exception>
#include <fstream>
#include <iostream>

#include "cases/case.h"
#include "cases/vtpm_predict_cases.h"

namespace teehost::cases {
namespace {

struct Tally {
    std::size_t passed = 0, failed = 0;
};

void walk(const std::filesystem::path& folder, const Runners& runners, Tally& tally)
{
    std::ifstream in(folder / "cases.json");
    const Json list = Json::parse(in, nullptr, /*allow_exceptions=*/false);
    if (!list.is_array() || list.empty()) {
        std::cout << folder.string() << ": no cases.json with a list of cases\n";
        ++tally.failed;
        return;
    }
    for (const Json& json : list) {
        const Case item(json, folder);
        const auto found = runCase(item, runners);
        ++(found.empty() ? tally.passed : tally.failed);
        if (!found.empty())
            std::cout << item.name() << " (" << item.kind() << ")\n";
        for (const auto& line : found)
            std::cout << "  " << line << "\n";
    }
}

int runAll(int argc, char** argv)
{
    if (argc < 2) {
        std::cerr << "usage: teehost-cases DIR...\n";
        return 2;
    }
    Runners runners;
    addSevSnpCases(runners);
    addTdxMeasureCases(runners);
    addTdxQuoteCases(runners);
    addVtpmCases(runners, predictMeasuredBoot);
    Tally tally;
    for (int i = 1; i < argc; ++i)
        walk(argv[i], runners, tally);
    std::cout << tally.passed << " passed, " << tally.failed << " failed\n";
    return tally.failed == 0 ? 0 : 1;
}

} // namespace
} // namespace teehost::cases

int main(int argc, char** argv) { return teehost::cases::runAll(argc, argv); }
