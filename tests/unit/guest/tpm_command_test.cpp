// SPDX-License-Identifier: Apache-2.0
//
// Commands to a TPM are what part 3 of its specification says, and no answer is read beyond its end.
#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/attest/tpm_command.h"

namespace teehost::guest::tpm {
namespace {

std::string bytes(std::initializer_list<int> list)
{
    std::string out;
    for (const int byte : list)
        out += static_cast<char>(byte);
    return out;
}

class TpmCommandTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TpmCommandTest);
    CPPUNIT_TEST(writesCommands);
    CPPUNIT_TEST(writesSessions);
    CPPUNIT_TEST(readsAnswers);
    CPPUNIT_TEST(refusesAnswersThatAreNone);
    CPPUNIT_TEST_SUITE_END();

    void writesCommands()
    {
        Command command(Code::GetCapability);
        command.parameters().u32(5).u32(0).u32(1);
        CPPUNIT_ASSERT(command.bytes() == bytes({0x80, 0x01, 0, 0, 0, 22, 0, 0, 0x01, 0x7a, //
                                                 0,    0,    0, 5, 0, 0,  0, 0, 0,    0,    0, 1}));
    }

    void writesSessions()
    {
        Command command(Code::Quote);
        command.handle(0x80000001).password();
        command.parameters().sized("ab");
        CPPUNIT_ASSERT(command.bytes() == bytes({0x80, 0x02, 0,   0,  0,    31, 0, 0, 0x01, 0x58, //
                                                 0x80, 0,    0,   1, // what is authorised
                                                 0,    0,    0,   9,  0x40, 0,  0, 9, 0,    0,
                                                 0,    0,    0, // by an empty password
                                                 0,    2,    'a', 'b'}));
        Command policy(Code::Create);
        policy.handle(0x81010001).policy(0x03000000);
        CPPUNIT_ASSERT(policy.bytes().find(bytes({0x03, 0, 0, 0, 0, 0, 0x01, 0, 0})) !=
                       std::string::npos); // which lives on
    }

    void readsAnswers()
    {
        const auto plain =
            parseAnswer(bytes({0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 7, 8}), Command(Code::PcrRead));
        CPPUNIT_ASSERT(plain.parameters == bytes({7, 8}));
        Command load(Code::Load);
        load.handle(1).password();
        const auto loaded = parseAnswer(
            bytes({0x80, 0x02, 0, 0, 0, 25, 0, 0, 0, 0, 0x80, 0, 0, 2, 0, 0, 0, 2, 5, 6, 0, 0, 1, 0, 0}),
            load);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{0x80000002}, loaded.handle);
        CPPUNIT_ASSERT(loaded.parameters == bytes({5, 6}));
    }

    void refusesAnswersThatAreNone()
    {
        Command load(Code::Load);
        load.handle(1).password();
        for (const auto& answer :
             {bytes({}), bytes({0x80, 0x01, 0, 0, 0, 10, 0, 0, 1}),
              bytes({0x80, 0x01, 0, 0, 0, 11, 0, 0, 0, 0}),
              bytes({0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01}), // a response code
              bytes({0x80, 0x02, 0, 0, 0, 14, 0, 0, 0, 0, 0x80, 0, 0, 2}),
              bytes({0x80, 0x02, 0, 0, 0, 18, 0, 0, 0, 0, 0x80, 0, 0, 2, 0xff, 0xff, 0xff, 0xff})})
            CPPUNIT_ASSERT_THROW(static_cast<void>(parseAnswer(answer, load)), TpmError);
        CPPUNIT_ASSERT_THROW(
            static_cast<void>(parseAnswer(bytes({0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01}), load)),
            Refused);
        Reader in("\x01");
        CPPUNIT_ASSERT_THROW(static_cast<void>(in.u16()), TpmError);
        Reader sized(std::string_view("\x00\x05"
                                      "ab",
                                      4));
        CPPUNIT_ASSERT_THROW(static_cast<void>(sized.sized()), TpmError);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TpmCommandTest);

} // namespace
} // namespace teehost::guest::tpm
