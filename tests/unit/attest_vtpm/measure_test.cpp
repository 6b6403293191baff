// SPDX-License-Identifier: Apache-2.0
//
// What an operator expects, in place of what is predicted.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <unistd.h>

#include <teehost/plugin.hpp>

#include "attest_vtpm.h"
#include "attest_vtpm/scene.h"
#include "tests/unit/plugin/support.h"

namespace teehost::vtpm::test {
namespace {

class MeasureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MeasureTest);
    CPPUNIT_TEST(takesExpectedPcrsWhateverCanBePredicted);
    CPPUNIT_TEST(refusesFilesOfAnotherForm);
    CPPUNIT_TEST_SUITE_END();

    plugin::test::KeptLog kept_;
    const std::filesystem::path file_ =
        std::filesystem::temp_directory_path() / ("teehost-measure-" + std::to_string(::getpid()));

public:
    void tearDown() override { std::filesystem::remove(file_); }

private:
    /// Of a VM without firmware, of which nothing is predicted, with `text` in the file of `option`.
    plugin::Measurement measure(const std::string& option, const std::string& text)
    {
        std::ofstream(file_) << text;
        plugin::Plugin plugin(plugin::negotiate(sdk::Bridge<AttestVtpm>::entry, "/in/this/program.so",
                                                plugin::FileDigest(), kept_.log),
                              kept_.log);
        plugin::CallContext context;
        context.option = [&](std::string_view key) -> std::optional<settings::Value> {
            const std::map<std::string, std::string> values{{"attest-vtpm.provider", "swtpm"},
                                                            {"attest-vtpm.ca_dir", "/not/there"},
                                                            {"attest-vtpm.banks", "sha256"},
                                                            {"attest-vtpm.device", "tpm-crb"},
                                                            {"attest-vtpm." + option, file_.string()}};
            const auto it = values.find(std::string(key));
            return it == values.end() ? std::nullopt : std::optional(settings::Value(it->second));
        };
        plugin.create(context);
        return plugin.measure(context, plugin::VmFacts(), {});
    }

    void takesExpectedPcrsWhateverCanBePredicted()
    {
        const std::string digest(96, 'a');
        const auto measured = measure("pcr_values", R"({"pcr_values": {"sha384": {"0": ")" + digest +
                                                        R"(", "11": ")" + digest + "\"}}}");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, measured.registers.size());
        CPPUNIT_ASSERT_EQUAL(std::string("PCR0"), measured.registers[0].name);
        CPPUNIT_ASSERT(measured.registers[1].alg == plugin::DigestAlg::Sha384);
        CPPUNIT_ASSERT(measured.registers[1].digest == plugin::Bytes(48, 0xaa));
        // What is expected is not told to be unpredictable, but the others are.
        const auto has = [&](const std::string& key) {
            return std::any_of(measured.values.begin(), measured.values.end(),
                               [&](const auto& value) { return value.key == key; });
        };
        CPPUNIT_ASSERT(has("vtpm.unpredictable.pcr1") && !has("vtpm.unpredictable.pcr0") &&
                       has("vtpm.banks"));
    }

    void refusesFilesOfAnotherForm()
    {
        const auto refused = [&](const std::string& option, const std::string& text) {
            try {
                static_cast<void>(measure(option, text));
            } catch (const Error& error) {
                return error.category() == Category::FailedPrecondition &&
                       error.field() == "attest-vtpm." + option;
            }
            return false;
        };
        const std::string digest(64, 'a');
        for (const std::string& text :
             {std::string(), std::string("{"), std::string("[]"), std::string(R"({"pcr_values": {}})"),
              R"({"sha256": {"0": ")" + digest + "\"}}",                              // without the name
              R"({"pcr_values": {"sha256": {"0": ")" + digest + R"("}}, "more": 1})", // with something else
              R"({"pcr_values": {"sha256": {"16": ")" + digest + "\"}}}",            // that a guest can reset
              R"({"pcr_values": {"sha384": {"0": ")" + digest + "\"}}}",             // of another length
              R"({"pcr_values": {"sha1": {"0": ")" + std::string(40, 'a') + "\"}}}", // that proves nothing
              R"({"pcr_values": {"md5": {"0": ")" + digest + "\"}}}",                // of no bank
              R"({"pcr_values": {"sha256": {"24": ")" + digest + "\"}}}"})           // of no PCR
            CPPUNIT_ASSERT_MESSAGE(text, refused("pcr_values", text));
        for (const char* text : {"", "{", "[]", R"({"version": 2, "boots": []})"})
            CPPUNIT_ASSERT_MESSAGE(text, refused("calibration", text));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MeasureTest);

} // namespace
} // namespace teehost::vtpm::test
