// SPDX-License-Identifier: Apache-2.0
//
// Commands to a TPM and its answers as bytes (TPM 2.0 Library, part 1, section 16; numbers of part 2).
// Written by hand because the agent is a static program, and the TPM stack is not packaged for those.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace teehost::guest::tpm {

/// Anything the TPM or its driver does not do.
class TpmError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The TPM answers a command with a response code instead: it is well, and does not do that.
class Refused : public TpmError {
public:
    using TpmError::TpmError;
};

enum class Code : std::uint32_t {
    CreatePrimary = 0x131,
    ActivateCredential = 0x147,
    NvRead = 0x14e,
    PolicySecret = 0x151,
    Create = 0x153,
    Load = 0x157,
    Quote = 0x158,
    FlushContext = 0x165,
    NvReadPublic = 0x169,
    ReadPublic = 0x173,
    StartAuthSession = 0x176,
    GetCapability = 0x17a,
    PcrRead = 0x17e,
    PcrExtend = 0x182
};

inline constexpr std::uint32_t kRhOwner = 0x40000001;
inline constexpr std::uint32_t kRhNull = 0x40000007;
inline constexpr std::uint32_t kRsPassword = 0x40000009;
inline constexpr std::uint32_t kRhEndorsement = 0x4000000b;

/// Big endian, appended.
class Writer {
public:
    Writer& u8(std::uint8_t number);
    Writer& u16(std::uint16_t number);
    Writer& u32(std::uint32_t number);
    Writer& raw(std::string_view bytes);
    /// TPM2B: a size of 16 bits, the bytes.
    Writer& sized(std::string_view bytes);
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

/// Front to back; TpmError at the end.
class Reader {
public:
    explicit Reader(std::string_view bytes) noexcept : rest_(bytes) {}
    [[nodiscard]] std::uint8_t u8();
    [[nodiscard]] std::uint16_t u16();
    [[nodiscard]] std::uint32_t u32();
    [[nodiscard]] std::string_view raw(std::size_t count);
    [[nodiscard]] std::string_view sized() { return raw(u16()); }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

/// A whole command with the handles, the sessions that authorise them and the parameters.
class Command {
public:
    explicit Command(Code code) noexcept : code_(code) {}
    Command& handle(std::uint32_t handle);
    /// Authorises a handle with an empty password. Handles are authorised in their order.
    Command& password() { return session(kRsPassword, /*continues=*/false); }
    /// Authorises a handle with a policy session, which lives on.
    Command& policy(std::uint32_t session_handle) { return session(session_handle, /*continues=*/true); }
    Writer& parameters() noexcept { return parameters_; }
    [[nodiscard]] std::string bytes() const;
    [[nodiscard]] bool hasSessions() const noexcept { return !sessions_.bytes().empty(); }
    /// Whether its answer begins with a handle.
    [[nodiscard]] bool makesHandle() const noexcept
    {
        return code_ == Code::CreatePrimary || code_ == Code::Load || code_ == Code::StartAuthSession;
    }

private:
    Command& session(std::uint32_t handle, bool continues);

    Code code_;
    Writer handles_, sessions_, parameters_;
};

struct Answer {
    std::uint32_t handle = 0; ///< of commands that answer with one
    std::string parameters;
};

/// Refused with the response code when the TPM answers with one, TpmError for what is no answer.
[[nodiscard]] Answer parseAnswer(std::string_view answer, const Command& command);

} // namespace teehost::guest::tpm
