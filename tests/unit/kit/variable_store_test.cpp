// SPDX-License-Identifier: Apache-2.0
//
// Variable stores are read as they were made, and refused when they are damaged.
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/variable_store.h>

#include "boot_factory/boot_files.h"
#include "refusal.h"

namespace teehost::kit::test {
namespace {

using boot_factory::VariableStoreBuilder;
using teehost::test::expectRefusal;

class VariableStoreTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VariableStoreTest);
    CPPUNIT_TEST(findsVariables);
    CPPUNIT_TEST(prefersAVariableToItsPredecessor);
    CPPUNIT_TEST(refusesDamagedStores);
    CPPUNIT_TEST(knowsWhenSecureBootIsEnforced);
    CPPUNIT_TEST_SUITE_END();

    void findsVariables()
    {
        const Bytes file =
            VariableStoreBuilder{{{kGlobalVariable, "PK", "abc"}, {kImageSecurity, "db", "x"}}}.build();
        const auto store = VariableStore::parse(file);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, store.size());
        CPPUNIT_ASSERT_EQUAL(std::string("abc"),
                             std::string(textOf(store.find(kGlobalVariable, "PK").value())));
        CPPUNIT_ASSERT(!store.find(kGlobalVariable, "db"));
        CPPUNIT_ASSERT(!store.find(kGlobalVariable, "P"));
    }

    void prefersAVariableToItsPredecessor()
    {
        constexpr std::uint8_t kReplaced = 0x3E, kDeleted = 0x3C;
        std::vector<VariableStoreBuilder::Variable> variables{{kGlobalVariable, "KEK", "gone", kDeleted},
                                                              {kGlobalVariable, "KEK", "old", kReplaced}};
        Bytes file = VariableStoreBuilder{variables}.build();
        CPPUNIT_ASSERT_EQUAL(
            std::string("old"),
            std::string(textOf(VariableStore::parse(file).find(kGlobalVariable, "KEK").value())));
        variables.push_back({kGlobalVariable, "KEK", "new"});
        file = VariableStoreBuilder{variables}.build();
        CPPUNIT_ASSERT_EQUAL(
            std::string("new"),
            std::string(textOf(VariableStore::parse(file).find(kGlobalVariable, "KEK").value())));
    }

    void refusesDamagedStores()
    {
        const Bytes file = VariableStoreBuilder{{{kGlobalVariable, "PK", "abc"}}}.build();
        struct Row {
            std::size_t offset; ///< of a byte that is changed
            std::uint8_t value;
        };
        // The volume's type and length, the store's type, size, format and state, a variable's name and data.
        for (const auto& [offset, value] : {Row{16, 0}, Row{34, 1}, Row{72, 0}, Row{90, 9}, Row{92, 0},
                                            Row{93, 0}, Row{139, 1}, Row{143, 1}}) {
            Bytes damaged = file;
            damaged[offset] = value;
            expectRefusal("bad_variable_store", [&] { static_cast<void>(VariableStore::parse(damaged)); });
        }
    }

    void knowsWhenSecureBootIsEnforced()
    {
        constexpr Guid kSwitch = uefiGuid("f0a30bc7-af08-4556-99c4-001009c93a44");
        const auto enforced = [](const std::vector<VariableStoreBuilder::Variable>& variables) {
            const Bytes file = VariableStoreBuilder{variables}.build();
            return VariableStore::parse(file).enforcesSecureBoot();
        };
        CPPUNIT_ASSERT(!enforced({}));
        CPPUNIT_ASSERT(!enforced({{kGlobalVariable, "PK", ""}}));
        CPPUNIT_ASSERT(enforced({{kGlobalVariable, "PK", "key"}}));
        CPPUNIT_ASSERT(enforced({{kGlobalVariable, "PK", "key"}, {kSwitch, "SecureBootEnable", "\x01"}}));
        CPPUNIT_ASSERT(
            !enforced({{kGlobalVariable, "PK", "key"}, {kSwitch, "SecureBootEnable", std::string(1, '\0')}}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VariableStoreTest);

} // namespace
} // namespace teehost::kit::test
