// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/tpm_command.h"

#include <array>
#include <charconv>

namespace teehost::guest::tpm {
namespace {

constexpr std::uint16_t kNoSessions = 0x8001, kSessions = 0x8002; // TPM_ST
constexpr std::uint8_t kContinueSession = 0x01;                   // TPMA_SESSION
constexpr std::size_t kHeader = 10;

std::string hex(std::uint32_t number)
{
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

} // namespace

Writer& Writer::u8(std::uint8_t number)
{
    bytes_ += static_cast<char>(number);
    return *this;
}

Writer& Writer::u16(std::uint16_t number)
{
    return u8(static_cast<std::uint8_t>(number >> 8)).u8(static_cast<std::uint8_t>(number));
}

Writer& Writer::u32(std::uint32_t number)
{
    return u16(static_cast<std::uint16_t>(number >> 16)).u16(static_cast<std::uint16_t>(number));
}

Writer& Writer::raw(std::string_view bytes)
{
    bytes_ += bytes;
    return *this;
}

Writer& Writer::sized(std::string_view bytes)
{
    return u16(static_cast<std::uint16_t>(bytes.size())).raw(bytes);
}

std::string_view Reader::raw(std::size_t count)
{
    if (count > rest_.size())
        throw TpmError("the TPM's answer ends too early");
    const auto out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
}

std::uint8_t Reader::u8() { return static_cast<std::uint8_t>(raw(1)[0]); }

std::uint16_t Reader::u16()
{
    const std::uint16_t high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
}

std::uint32_t Reader::u32()
{
    const std::uint32_t high = u16();
    return high << 16 | u16();
}

Command& Command::handle(std::uint32_t handle)
{
    handles_.u32(handle);
    return *this;
}

Command& Command::session(std::uint32_t handle, bool continues)
{
    sessions_.u32(handle).sized({}).u8(continues ? kContinueSession : 0).sized({});
    return *this;
}

std::string Command::bytes() const
{
    Writer body;
    body.raw(handles_.bytes());
    if (hasSessions())
        body.u32(static_cast<std::uint32_t>(sessions_.bytes().size())).raw(sessions_.bytes());
    body.raw(parameters_.bytes());
    Writer all;
    all.u16(hasSessions() ? kSessions : kNoSessions);
    all.u32(static_cast<std::uint32_t>(kHeader + body.bytes().size())).u32(static_cast<std::uint32_t>(code_));
    return all.raw(body.bytes()).bytes();
}

Answer parseAnswer(std::string_view answer, const Command& command)
{
    Reader in(answer);
    static_cast<void>(in.u16());
    const std::uint32_t size = in.u32(), code = in.u32();
    if (code != 0)
        throw Refused("the TPM refuses a command with response code " + hex(code));
    if (size != answer.size())
        throw TpmError("the TPM's answer has another size than it says");
    Answer out;
    if (command.makesHandle())
        out.handle = in.u32();
    // With sessions the size of the parameters stands before them, and the sessions' answers behind.
    out.parameters = command.hasSessions() ? in.raw(in.u32()) : in.rest();
    return out;
}

} // namespace teehost::guest::tpm
