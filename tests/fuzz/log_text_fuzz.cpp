// SPDX-License-Identifier: Apache-2.0
//
// Holds explain to its word for a text of any kind: lines in their order, each short and without an end, and
// causes whose line is one of them.
#include "cli/explain/known_causes.h"
#include "cli/explain/log_text.h"

#include "host/base/text.h"
#include "host/doctor/explain.h"
#include "tests/fuzz/property.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto text = fuzz::asText(data, size);
    static_cast<void>(cli::whyNoText(text));
    const auto lines = cli::logLines(text);
    std::size_t last = 1;
    for (const auto& line : lines) {
        fuzz::require(!line.text.empty() && line.text.size() <= cli::kMaxLogLineBytes,
                      "a line has a text, a short one");
        fuzz::require(isUtf8(line.text) && line.text.find('\0') == std::string::npos,
                      "a line is as plugins are given it");
        fuzz::require(line.text.find_first_of("\r\n") == std::string::npos, "a line is one line");
        fuzz::require(line.number >= last, "lines stay in their order");
        last = line.number;
    }
    const cli::KnowsWords host{"host", [](const std::string& words) {
                                   return doctor::hostFindings({-1, "qemu", words, ""});
                               }};
    for (const auto& known : cli::knownCauses(lines, {host}))
        fuzz::require(known.lineNumber >= 1 && known.lineNumber <= last && !known.remedies.empty(),
                      "a cause has a line of the text, and a remedy");
    return 0;
}
