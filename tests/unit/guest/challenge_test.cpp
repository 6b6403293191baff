// SPDX-License-Identifier: Apache-2.0
//
// A challenge is exactly two sized parts; a certificate loses what fills its place in a TPM, and nothing
// else.
#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/attest/challenge.h"
#include "guest/agent/attest/tpm_command.h"

namespace teehost::guest {
namespace {

std::string parts(std::string_view idObject, std::string_view secret)
{
    return tpm::Writer().sized(idObject).sized(secret).bytes();
}

class ChallengeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ChallengeTest);
    CPPUNIT_TEST(readsTheTwoParts);
    CPPUNIT_TEST(refusesWhatIsNoChallenge);
    CPPUNIT_TEST(cutsPaddingOfACertificate);
    CPPUNIT_TEST(leavesWhatIsNoPaddedCertificate);
    CPPUNIT_TEST_SUITE_END();

    void readsTheTwoParts()
    {
        const std::string bytes = parts("blob", std::string(1024 - 8, 's'));
        const Challenge read = parseChallenge(bytes);
        CPPUNIT_ASSERT(read.idObject == "blob");
        CPPUNIT_ASSERT(read.encryptedSecret == std::string(1024 - 8, 's'));
    }

    void refusesWhatIsNoChallenge()
    {
        const std::string good = parts("blob", "secret");
        for (std::size_t size = 0; size < good.size(); ++size)
            CPPUNIT_ASSERT_THROW(static_cast<void>(parseChallenge(good.substr(0, size))), BadChallenge);
        for (const std::string& bytes :
             {good + '\0', parts("", "secret"), parts("blob", ""), parts("", ""),
              parts("blob", std::string(1024 - 7, 's')), std::string(2000, '\xff')})
            CPPUNIT_ASSERT_THROW(static_cast<void>(parseChallenge(bytes)), BadChallenge);
    }

    void cutsPaddingOfACertificate()
    {
        const std::string certificates[] = {std::string("\x30\x03") + "abc",
                                            std::string("\x30\x81\x80") + std::string(0x80, 'c'),
                                            std::string("\x30\x82\x01\x02") + std::string(0x102, 'c')};
        for (const auto& certificate : certificates)
            for (const auto& padding : {std::string(), std::string(1, '\0'), std::string(700, '\xff')})
                CPPUNIT_ASSERT(withoutPadding(certificate + padding) == certificate);
    }

    void leavesWhatIsNoPaddedCertificate()
    {
        for (const auto& memory :
             {std::string(), std::string("\x30"), std::string("\x30\x82\x01"),
              std::string("\x30\x05") + "abc", std::string("\x04\x01") + "a" + std::string(3, '\0'),
              std::string("\x30\x83\x00\x00\x01", 5) + "a" + std::string(3, '\0'),
              std::string("\x30\x80") + std::string(9, '\0'),
              std::string("\x30\x01") + "a" + std::string("\0\xff", 2), std::string("\x30\x01") + "ab"})
            CPPUNIT_ASSERT(withoutPadding(memory) == memory);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ChallengeTest);

} // namespace
} // namespace teehost::guest
