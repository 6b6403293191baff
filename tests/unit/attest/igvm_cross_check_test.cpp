// SPDX-License-Identifier: Apache-2.0
#include "host/attest/igvm_cross_check.h"

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"
#include "tests/unit/launch/settings_fixture.h"

namespace teehost::attest {
namespace {

using namespace std::chrono_literals;

const std::string kLower(96, 'a'), kUpper(96, 'A'), kOther(96, 'b');

class IgvmCrossCheckTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IgvmCrossCheckTest);
    CPPUNIT_TEST(agreesInEitherCase);
    CPPUNIT_TEST(comparesNothingUnlessAskedTo);
    CPPUNIT_TEST(namesBothDigestsThatDiffer);
    CPPUNIT_TEST(refusesAProgramThatGivesNoDigest);
    CPPUNIT_TEST(refusesMeasurementsThatCannotBeCompared);
    CPPUNIT_TEST_SUITE_END();

    launch::ScratchDir scratch_;

    /// A program of that name which runs these shell lines.
    std::string program(const std::string& lines) const
    {
        const auto path = scratch_.write("igvmmeasure", "#!/bin/sh\n" + lines + "\n");
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }
    static plugin::Measurement measured()
    {
        plugin::Measurement out;
        out.registers = {{"OTHER", plugin::DigestAlg::Sha256, plugin::Bytes(32, 1)},
                         {"LAUNCH_DIGEST", plugin::DigestAlg::Sha384, plugin::Bytes(48, 0xaa)}};
        return out;
    }
    bool check(const std::string& binary, const plugin::Measurement& measurement = measured(),
               std::chrono::milliseconds limit = 30s) const
    {
        return crossCheckIgvm(launch::hostSettings(scratch_, {"attest.igvmmeasure_binary=" + binary}),
                              "/x/a b.igvm", measurement, limit);
    }
    void expectError(Category category, const std::string& words, const std::string& binary,
                     const plugin::Measurement& measurement = measured(),
                     std::chrono::milliseconds limit = 30s) const
    {
        try {
            static_cast<void>(check(binary, measurement, limit));
        } catch (const Error& error) {
            const std::string message = error.what();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string(categoryName(category)),
                                         std::string(categoryName(error.category())));
            CPPUNIT_ASSERT_MESSAGE(message, message.find(words) != std::string::npos);
            return;
        }
        CPPUNIT_FAIL("no error; expected: " + words);
    }

    void agreesInEitherCase()
    {
        for (const auto& digest : {kLower, kUpper})
            CPPUNIT_ASSERT(check(program("echo " + digest)));
        CPPUNIT_ASSERT(check(program("echo 'warning: old file' >&2; printf '%s' " + kLower)));
        // Its arguments, none of them read by a shell.
        CPPUNIT_ASSERT(
            check(program("[ \"$*\" = '/x/a b.igvm measure -b' ] && [ $# = 3 ] && echo " + kLower)));
    }

    void comparesNothingUnlessAskedTo()
    {
        CPPUNIT_ASSERT(!check(""));
        CPPUNIT_ASSERT(!check("/nonexistent/igvmmeasure"));
        const auto settings =
            launch::hostSettings(scratch_, {"attest.igvmmeasure_binary=" + program("exit 1")});
        CPPUNIT_ASSERT(!crossCheckIgvm(settings, "", measured(), 30s));
    }

    void namesBothDigestsThatDiffer()
    {
        const auto path = program("echo " + kOther);
        expectError(Category::DataLoss,
                    "two measurements of \"/x/a b.igvm\" differ: LAUNCH_DIGEST is " + kLower + ", and \"" +
                        path + "\" says " + kOther,
                    path);
    }

    void refusesAProgramThatGivesNoDigest()
    {
        expectError(Category::FailedPrecondition, "failed with status 3: no such file",
                    program("echo no such file >&2; exit 3"));
        expectError(Category::FailedPrecondition, "failed with status 1",
                    program("echo " + kLower + "; exit 1"));
        expectError(Category::FailedPrecondition, "printed no digest", program("echo 00ff"));
        expectError(Category::FailedPrecondition, "or several",
                    program("echo " + kLower + "; echo " + kOther));
        expectError(Category::FailedPrecondition, "was ended by signal 9", program("kill -9 $$"));
        expectError(Category::FailedPrecondition, "did not end in time", program("exec sleep 60"), measured(),
                    200ms);
        expectError(Category::FailedPrecondition, "cannot start", scratch_.write("plain", "no program"));
    }

    void refusesMeasurementsThatCannotBeCompared()
    {
        const auto path = program("echo " + kLower);
        expectError(Category::FailedPrecondition, "no single register of 48 bytes", path, {});
        auto two = measured();
        two.registers.push_back({"RTMR0", plugin::DigestAlg::Sha384, plugin::Bytes(48, 0xaa)});
        expectError(Category::FailedPrecondition, "no single register of 48 bytes", path, two);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(IgvmCrossCheckTest);

} // namespace
} // namespace teehost::attest
