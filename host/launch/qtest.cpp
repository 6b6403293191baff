// SPDX-License-Identifier: Apache-2.0
#include "host/launch/qtest.h"

#include <sstream>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::launch {
namespace {

std::vector<std::string> commandLine(const std::string& binary, const std::vector<std::string>& args)
{
    std::vector<std::string> line{binary};
    line.insert(line.end(), args.begin(), args.end());
    // TCG, because that is built into every QEMU of a distribution; nothing is emulated with the vCPUs
    // stopped.
    for (const char* word :
         {"-accel", "tcg", "-S", "-display", "none", "-qtest", "stdio", "-qtest-log", "none", "-sandbox",
          "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"})
        line.emplace_back(word);
    return line;
}

std::string hex(std::uint64_t value)
{
    std::ostringstream text;
    text << "0x" << std::hex << value;
    return text.str();
}

} // namespace

QtestMachine::QtestMachine(const std::string& binary, const std::vector<std::string>& args,
                           std::chrono::steady_clock::time_point deadline)
    : qemu_(commandLine(binary, args), deadline)
{
}

std::string QtestMachine::command(const std::string& line)
{
    const std::string answer = qemu_.ask(line);
    if (!answer.starts_with("OK"))
        throw Error(Category::FailedPrecondition, "QEMU answers \"" + printable(answer.substr(0, 200)) +
                                                      "\" to \"" + line.substr(0, 60) + "\"");
    return std::string(trim(std::string_view(answer).substr(2)));
}

void QtestMachine::outByte(std::uint16_t port, std::uint8_t value)
{
    command("outb " + hex(port) + " " + hex(value));
}

void QtestMachine::outLong(std::uint16_t port, std::uint32_t value)
{
    command("outl " + hex(port) + " " + hex(value));
}

void QtestMachine::write(std::uint64_t address, std::span<const std::uint8_t> bytes)
{
    command("write " + hex(address) + " " + hex(bytes.size()) + " 0x" + toHex(bytes));
}

std::vector<std::uint8_t> QtestMachine::read(std::uint64_t address, std::size_t size)
{
    const std::string answer = command("read " + hex(address) + " " + hex(size));
    auto bytes = parseHex(answer.starts_with("0x") ? std::string_view(answer).substr(2) : "");
    if (bytes.size() != size)
        throw Error(Category::FailedPrecondition, "QEMU does not say what is in the machine's memory");
    return bytes;
}

} // namespace teehost::launch
