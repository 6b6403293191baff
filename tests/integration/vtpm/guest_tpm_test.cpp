// SPDX-License-Identifier: Apache-2.0
//
// The agent's commands to a software TPM fresh from its making: no provisioned key, no certificate, and no
// resource manager, so that a session left behind in one of its three slots shows.
#include <filesystem>
#include <memory>

#include <sys/socket.h>
#include <sys/un.h>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/attest/tpm.h"
#include "quote/tpm_key.h"
#include "support/child.h"
#include "support/files.h"

namespace teehost::test {
namespace {

using namespace guest::tpm;

constexpr Bank kSha256Bank = 0x000b;
constexpr std::uint32_t kIndex = 0x01800001;
constexpr std::size_t kMostAtOnce = 512;
constexpr std::uint32_t kOwnerAndIndexMayReadAndWrite = 0x00060006; // TPMA_NV

vtpm::TpmKey keyOf(const std::string& area)
{
    return vtpm::TpmKey::parse(kit::Bytes(area.begin(), area.end()));
}

class GuestTpmTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(GuestTpmTest);
    CPPUNIT_TEST(makesKeysWhereNoneIsProvisioned);
    CPPUNIT_TEST(leavesNoSessionBehind);
    CPPUNIT_TEST(readsMemoryInPieces);
    CPPUNIT_TEST(extends);
    CPPUNIT_TEST_SUITE_END();

    std::filesystem::path directory_;
    std::unique_ptr<Child> swtpm_;
    UniqueFd socket_;

public:
    void setUp() override
    {
        directory_ = makeScratch();
        const std::string socket = directory_ / "s";
        swtpm_ = std::make_unique<Child>(Command{
            .argv = {"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + directory_.string(), "--server",
                     "type=unixio,path=" + socket, "--flags", "not-need-init,startup-clear"}});
        waitUntil("swtpm listens", [&] { return connectTo(socket); });
        // Of objects whose authorisation may not be guessed the first use after a start is put off (TPM 2.0
        // Library, part 1, "Dictionary Attack Protection"). Linux' driver repeats it; here is none.
        CPPUNIT_ASSERT_THROW(keep(kIndex, "x"), Refused);
    }
    void tearDown() override
    {
        socket_.reset();
        swtpm_.reset();
        std::filesystem::remove_all(directory_);
    }

private:
    static std::filesystem::path makeScratch()
    {
        std::string pattern = std::filesystem::temp_directory_path() / "teehost-tpm-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        return pattern;
    }
    bool connectTo(const std::string& path)
    {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    /// Commands that the agent has no use for.
    void run(std::uint32_t code, std::initializer_list<std::uint32_t> handles, const std::string& parameters)
    {
        guest::tpm::Command command(static_cast<Code>(code));
        for (const std::uint32_t handle : handles)
            command.handle(handle);
        command.password().parameters().raw(parameters);
        const std::string bytes = command.bytes();
        std::string answer(4096, '\0');
        CPPUNIT_ASSERT(::write(socket_.get(), bytes.data(), bytes.size()) ==
                       static_cast<ssize_t>(bytes.size()));
        answer.resize(static_cast<std::size_t>(::read(socket_.get(), answer.data(), answer.size())));
        static_cast<void>(parseAnswer(answer, command));
    }

    /// Memory of this size with these bytes at the index.
    void keep(std::uint32_t index, const std::string& memory)
    {
        constexpr std::uint32_t kNvDefineSpace = 0x12a, kNvWrite = 0x137;
        const auto size = static_cast<std::uint16_t>(memory.size());
        Writer space;
        space.u32(index).u16(kSha256Bank).u32(kOwnerAndIndexMayReadAndWrite).sized({}).u16(size);
        run(kNvDefineSpace, {kRhOwner}, Writer().sized({}).sized(space.bytes()).bytes());
        for (std::size_t at = 0; at < memory.size(); at += kMostAtOnce)
            run(kNvWrite, {index, index},
                Writer().sized(memory.substr(at, kMostAtOnce)).u16(static_cast<std::uint16_t>(at)).bytes());
    }

    void makesKeysWhereNoneIsProvisioned()
    {
        Tpm tpm(std::move(socket_));
        const auto ek = keyOf(tpm.endorsementKey());
        CPPUNIT_ASSERT(!vtpm::ekFault(ek));
        const auto ak = keyOf(tpm.attestationKey());
        CPPUNIT_ASSERT(!vtpm::akFault(ak));
        const Quote quote = tpm.quote("nonce", kSha256Bank);
        CPPUNIT_ASSERT_EQUAL(std::size_t{24}, quote.pcrs.size());
        CPPUNIT_ASSERT(keyOf(tpm.attestationKey()).bytes == ak.bytes);
        CPPUNIT_ASSERT(!tpm.nonVolatile(0x01c00002));
    }

    void leavesNoSessionBehind()
    {
        Tpm tpm(std::move(socket_));
        const std::string key = tpm.attestationKey(), secret(256, '\x11');
        for (int i = 0; i < 20; ++i)
            CPPUNIT_ASSERT_THROW(static_cast<void>(tpm.activateCredential("none", secret)), WrongCredential);
        CPPUNIT_ASSERT(tpm.attestationKey() == key);
        static_cast<void>(tpm.quote("nonce", kSha256Bank));
    }

    void readsMemoryInPieces()
    {
        std::string memory;
        for (std::size_t i = 0; i < 2000; ++i)
            memory += static_cast<char>(i % 251);
        keep(kIndex + 1, memory);
        Tpm tpm(std::move(socket_));
        CPPUNIT_ASSERT(tpm.nonVolatile(kIndex + 1) == memory);
        CPPUNIT_ASSERT(!tpm.nonVolatile(kIndex + 2));
    }

    void extends()
    {
        Tpm tpm(std::move(socket_));
        std::map<Bank, std::string> digests;
        for (const Bank bank : tpm.banks())
            digests[bank] = std::string(tpm.readPcrs(bank)[4].size(), '\x66');
        CPPUNIT_ASSERT(!digests.empty());
        tpm.extend(4, digests);
        for (const Bank bank : tpm.banks()) {
            auto pcrs = tpm.readPcrs(bank);
            CPPUNIT_ASSERT(pcrs[4] != pcrs[5]);
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(GuestTpmTest);

} // namespace
} // namespace teehost::test
