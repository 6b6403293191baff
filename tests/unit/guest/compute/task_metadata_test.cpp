// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/task_metadata.h"

namespace teehost::guest {
namespace {

class TaskMetadataTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TaskMetadataTest);
    CPPUNIT_TEST(readsWhatTheCliSends);
    CPPUNIT_TEST(refusesOtherKinds);
    CPPUNIT_TEST(boundsArguments);
    CPPUNIT_TEST_SUITE_END();

    void readsWhatTheCliSends()
    {
        const auto binary = readTask("bin", "python3", {"--a", "1 2"});
        CPPUNIT_ASSERT(binary.kind == Task::Kind::Binary);
        CPPUNIT_ASSERT(binary.arguments == std::vector<std::string>({"--a", "1 2"}));
        CPPUNIT_ASSERT(readTask("", "", {}).kind == Task::Kind::Binary);
        CPPUNIT_ASSERT_EQUAL(std::string("python3"), readTask("python", "", {}).interpreter);
        CPPUNIT_ASSERT_EQUAL(std::string("python3.11"), readTask("python", "python3.11", {}).interpreter);
    }

    void refusesOtherKinds()
    {
        for (const auto* type : {"wasm", "docker", "BIN", "../sh"})
            CPPUNIT_ASSERT_THROW_MESSAGE(type, static_cast<void>(readTask(type, "", {})), Refusal);
        for (const auto* name : {"python2", "python3.", "python3.1/../sh", "python3x", "sh", "python3.11111"})
            CPPUNIT_ASSERT_THROW_MESSAGE(name, static_cast<void>(readTask("python", name, {})), Refusal);
    }

    void boundsArguments()
    {
        CPPUNIT_ASSERT_NO_THROW(static_cast<void>(readTask("bin", "", std::vector<std::string>(64, "a"))));
        CPPUNIT_ASSERT_THROW(static_cast<void>(readTask("bin", "", std::vector<std::string>(65, "a"))),
                             Refusal);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readTask("bin", "", {std::string(16 * 1024, 'a')})), Refusal);
        CPPUNIT_ASSERT_THROW(static_cast<void>(readTask("bin", "", {std::string("a\0b", 3)})), Refusal);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TaskMetadataTest);

} // namespace
} // namespace teehost::guest
