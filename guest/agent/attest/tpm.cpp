// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/tpm.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "guest/agent/attest/key_templates.h"

namespace teehost::guest::tpm {
namespace {

constexpr std::size_t kMaxAnswer = 4096; // TPM_BUFSIZE of Linux' driver
constexpr std::uint32_t kPcrs = 24;
constexpr std::uint32_t kEkHandle = 0x81010001; // TCG, "TCG TPM v2.0 Provisioning Guidance", section 7.8
constexpr std::uint32_t kCapPcrs = 5;           // TPM_CAP_PCRS
constexpr std::uint32_t kCapProperties = 6;     // TPM_CAP_TPM_PROPERTIES
constexpr std::uint32_t kNvBufferMax = 0x12c;   // TPM_PT_NV_BUFFER_MAX
constexpr std::uint32_t kNvAuthRead = 1u << 18; // TPMA_NV_AUTHREAD
constexpr std::uint8_t kPolicySession = 1;      // TPM_SE_POLICY

/// TPMS_SENSITIVE_CREATE without authorisation and data.
std::string noSecret() { return Writer().sized({}).sized({}).bytes(); }

void putSelection(Writer& out, Bank bank, std::uint32_t bits)
{
    out.u32(1).u16(bank).u8(3);
    for (int i = 0; i < 3; ++i)
        out.u8(static_cast<std::uint8_t>(bits >> (8 * i)));
}

struct Selection {
    Bank bank;
    std::uint32_t bits;
};

std::vector<Selection> readSelections(Reader& in)
{
    std::vector<Selection> out;
    for (std::uint32_t count = in.u32(); count > 0; --count) {
        Selection selection{in.u16(), 0};
        const std::string_view octets = in.raw(in.u8());
        for (std::size_t i = 0; i < octets.size() && i < 4; ++i)
            selection.bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(octets[i])) << (8 * i);
        out.push_back(selection);
    }
    return out;
}

} // namespace

/// A session that may use the endorsement key, as its policy in the TCG's default template demands; flushed
/// with this object.
class Tpm::Session {
public:
    explicit Session(Tpm& tpm) : tpm_(tpm)
    {
        Command command(Code::StartAuthSession);
        command.handle(kRhNull).handle(kRhNull);
        command.parameters()
            .sized(std::string(32, '\x5a'))
            .sized({})
            .u8(kPolicySession)
            .u16(kNull)
            .u16(kSha256);
        handle_ = tpm_.run(command).handle;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session()
    {
        try {
            tpm_.run(Command(Code::FlushContext).handle(handle_));
        } catch (const TpmError&) {
            // Its slot is lost until the device is closed; whoever uses the TPM next hears of what is wrong.
        }
    }

    /// Fit for one command, which uses it up.
    std::uint32_t authorised()
    {
        Command command(Code::PolicySecret);
        command.handle(kRhEndorsement).handle(handle_).password();
        command.parameters().sized({}).sized({}).sized({}).u32(0);
        tpm_.run(command);
        return handle_;
    }

private:
    Tpm& tpm_;
    std::uint32_t handle_ = 0;
};

Tpm::Tpm(const char* device) : device_(::open(device, O_RDWR | O_CLOEXEC))
{
    if (device_.get() < 0)
        throw TpmError(std::string("there is no TPM: cannot open ") + device + ": " + std::strerror(errno));
}

Answer Tpm::run(const Command& command)
{
    const std::string bytes = command.bytes();
    if (::write(device_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        throw TpmError(std::string("cannot write to the TPM: ") + std::strerror(errno));
    std::string answer(kMaxAnswer, '\0');
    const ssize_t length =
        ::read(device_.get(), answer.data(), answer.size()); // the driver blocks until it is there
    if (length < 0)
        throw TpmError(std::string("cannot read from the TPM: ") + std::strerror(errno));
    answer.resize(static_cast<std::size_t>(length));
    return parseAnswer(answer, command);
}

std::vector<Bank> Tpm::banks()
{
    Command command(Code::GetCapability);
    command.parameters().u32(kCapPcrs).u32(0).u32(1);
    const Answer answer = run(command);
    Reader in(answer.parameters);
    static_cast<void>(in.u8());  // whether there is more
    static_cast<void>(in.u32()); // the capability again
    std::vector<Bank> out;
    for (const Selection& selection : readSelections(in))
        if (selection.bits != 0)
            out.push_back(selection.bank);
    return out;
}

Pcrs Tpm::readPcrs(Bank bank)
{
    Pcrs out;
    std::uint32_t wanted = (1u << kPcrs) - 1;
    while (wanted !=
           0) { // eight at a time, and those that were extended meanwhile are for the verifier to notice
        Command command(Code::PcrRead);
        putSelection(command.parameters(), bank, wanted);
        const Answer answer = run(command);
        Reader in(answer.parameters);
        static_cast<void>(in.u32()); // update counter
        const auto selections = readSelections(in);
        const std::uint32_t bits = selections.size() == 1 ? selections.front().bits & wanted : 0;
        if (bits == 0)
            throw TpmError("the TPM does not show its PCRs");
        static_cast<void>(in.u32()); // as many digests as there are bits
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
            if ((bits >> pcr & 1) != 0)
                out[pcr] = in.sized();
        wanted &= ~bits;
    }
    return out;
}

void Tpm::extend(std::uint32_t pcr, const std::map<Bank, std::string>& digests)
{
    Command command(Code::PcrExtend);
    command.handle(pcr).password();
    command.parameters().u32(static_cast<std::uint32_t>(digests.size()));
    for (const auto& [bank, digest] : digests)
        command.parameters().u16(bank).raw(digest);
    run(command);
}

const Tpm::Key& Tpm::endorsement()
{
    if (endorsement_)
        return *endorsement_;
    Key key{kEkHandle, {}};
    Answer answer;
    try {
        answer = run(Command(Code::ReadPublic).handle(kEkHandle));
    } catch (const Refused&) {
        // Not provisioned: the same template gives the same key, whoever makes it.
        Command command(Code::CreatePrimary);
        command.handle(kRhEndorsement).password();
        command.parameters().sized(noSecret()).sized(endorsementTemplate()).sized({}).u32(0);
        answer = run(command);
        key.handle = answer.handle;
    }
    key.publicArea = Reader(answer.parameters).sized();
    return endorsement_.emplace(std::move(key));
}

Tpm::Key Tpm::makeAttestationKey()
{
    const std::uint32_t parent = endorsement().handle;
    Session session(*this);
    Command create(Code::Create);
    create.handle(parent).policy(session.authorised());
    create.parameters().sized(noSecret()).sized(attestationTemplate()).sized({}).u32(0);
    const Answer created = run(create);
    Reader in(created.parameters);
    const std::string privateArea(in.sized()), publicArea(in.sized());
    Command load(Code::Load);
    load.handle(parent).policy(session.authorised());
    load.parameters().sized(privateArea).sized(publicArea);
    return {run(load).handle, publicArea};
}

const std::string& Tpm::attestationKey()
{
    if (!key_)
        key_ = makeAttestationKey();
    return key_->publicArea;
}

Quote Tpm::quote(const std::string& nonce, Bank bank)
{
    static_cast<void>(attestationKey());
    Command command(Code::Quote);
    command.handle(key_->handle).password();
    command.parameters().sized(nonce).u16(kNull);
    putSelection(command.parameters(), bank, (1u << kPcrs) - 1);
    const Answer answer = run(command);
    Reader in(answer.parameters);
    Quote out;
    out.bank = bank;
    out.attest = in.sized();
    out.signature = in.rest();
    out.pcrs = readPcrs(bank);
    return out;
}

std::uint32_t Tpm::property(std::uint32_t which)
{
    Command command(Code::GetCapability);
    command.parameters().u32(kCapProperties).u32(which).u32(1);
    const Answer answer = run(command);
    Reader in(answer.parameters);
    static_cast<void>(in.u8());  // whether there is more
    static_cast<void>(in.u32()); // the capability again
    if (in.u32() != 1 || in.u32() != which)
        throw TpmError("the TPM does not show its properties");
    return in.u32();
}

std::string Tpm::readNonVolatile(std::uint32_t index)
{
    const Answer found = run(Command(Code::NvReadPublic).handle(index));
    Reader space(Reader(found.parameters).sized()); // TPMS_NV_PUBLIC
    static_cast<void>(space.u32());                 // the index again
    static_cast<void>(space.u16());                 // algorithm of its name
    const std::uint32_t owner = (space.u32() & kNvAuthRead) != 0 ? index : kRhOwner;
    static_cast<void>(space.sized()); // policy
    const std::size_t size = space.u16(), most = property(kNvBufferMax);
    std::string out;
    while (out.size() < size) {
        const std::size_t wanted = std::min(most, size - out.size());
        Command command(Code::NvRead);
        command.handle(owner).handle(index).password();
        command.parameters()
            .u16(static_cast<std::uint16_t>(wanted))
            .u16(static_cast<std::uint16_t>(out.size()));
        const Answer answer = run(command);
        const std::string_view piece = Reader(answer.parameters).sized();
        if (piece.empty() || piece.size() != wanted)
            throw TpmError("the TPM gives less of its memory than it was asked for");
        out += piece;
    }
    return out;
}

std::optional<std::string> Tpm::nonVolatile(std::uint32_t index)
{
    try {
        return readNonVolatile(index);
    } catch (const Refused&) {
        return std::nullopt;
    }
}

std::string Tpm::activateCredential(std::string_view idObject, std::string_view encryptedSecret)
{
    static_cast<void>(attestationKey());
    Session session(*this);
    Command command(Code::ActivateCredential);
    command.handle(key_->handle).handle(endorsement().handle).password().policy(session.authorised());
    command.parameters().sized(idObject).sized(encryptedSecret);
    try {
        const Answer answer = run(command);
        return std::string(Reader(answer.parameters).sized());
    } catch (const Refused& e) {
        throw WrongCredential(std::string("no credential for the keys of this VM: ") + e.what());
    }
}

} // namespace teehost::guest::tpm
