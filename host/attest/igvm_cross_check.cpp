// SPDX-License-Identifier: Apache-2.0
#include "host/attest/igvm_cross_check.h"

#include <algorithm>
#include <filesystem>

#include "host/base/error.h"
#include "host/base/helper_process.h"
#include "host/base/text.h"

namespace teehost::attest {
namespace {

constexpr std::size_t kDigestBytes = 48; // SHA-384: the launch digest of SEV-SNP
constexpr std::size_t kShownBytes = 200;

bool isDigest(std::string_view line)
{
    return line.size() == 2 * kDigestBytes &&
           line.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// The one line of `output` that is a digest; what the program warns of stands in other lines.
plugin::Bytes readDigest(const std::string& program, const HelperResult& ran)
{
    std::vector<std::string> digests;
    for (const auto& line : split(ran.output, '\n'))
        if (isDigest(trim(line)))
            digests.emplace_back(trim(line));
    if (ran.ok() && digests.size() == 1)
        return parseHex(digests.front());
    const std::string how = ran.timedOut      ? "did not end in time"
                            : ran.signalled   ? "was ended by signal " + std::to_string(ran.status)
                            : ran.status != 0 ? "failed with status " + std::to_string(ran.status)
                                              : "printed no digest of 48 bytes, or several";
    throw Error(Category::FailedPrecondition,
                "\"" + printable(program) + "\" " + how + ": " +
                    printable(trim(ran.output).substr(0, kShownBytes)),
                "check attest.igvmmeasure_binary, or unset it: the comparison is optional");
}

const plugin::Register& launchRegister(const plugin::Measurement& measured)
{
    const auto isOne = [](const plugin::Register& reg) { return reg.digest.size() == kDigestBytes; };
    const auto& registers = measured.registers;
    if (std::count_if(registers.begin(), registers.end(), isOne) != 1)
        throw Error(Category::FailedPrecondition,
                    "there is no single register of 48 bytes to compare with that of an IGVM file",
                    "unset attest.igvmmeasure_binary for this backend");
    return *std::find_if(registers.begin(), registers.end(), isOne);
}

} // namespace

bool crossCheckIgvm(const settings::Settings& settings, const std::string& igvm,
                    const plugin::Measurement& measured, std::chrono::milliseconds limit)
{
    const auto program = settings.text("attest.igvmmeasure_binary");
    std::error_code ignored;
    if (program.empty() || igvm.empty() || !std::filesystem::exists(program, ignored))
        return false;
    const auto& ours = launchRegister(measured);
    const auto theirs = readDigest(program, runHelper({program, igvm, "measure", "-b"}, limit));
    if (theirs != ours.digest)
        throw Error(Category::DataLoss,
                    "two measurements of \"" + printable(igvm) + "\" differ: " + printable(ours.name) +
                        " is " + toHex(ours.digest) + ", and \"" + printable(program) + "\" says " +
                        toHex(theirs),
                    "trust neither until it is known which of them is wrong");
    return true;
}

} // namespace teehost::attest
