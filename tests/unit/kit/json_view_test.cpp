// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/json_view.h"

#include <cstdint>
#include <optional>
#include <string>

#include <cppunit/extensions/HelperMacros.h>

#include "teehost/kit/json.h"

namespace teehost::kit::test {
namespace {

constexpr std::string_view kDocument = R"({"id":"TDX","version":3,"issueDate":"2025-06-19T10:16:03Z",
 "tdxModule":{"mrsigner":"00ff","attributes":"0000000000000000"},
 "tcbLevels":[{"tcb":{"sgxtcbcomponents":[{"svn":3},{"svn":255,"category":"BIOS"}],"pcesvn":11},
   "tcbStatus":"UpToDate","advisoryIDs":["INTEL-SA-00001","\u0041\n\ud83d\ude00\/"]},{}],
 "rest":[null,true,false,-0,0.5e-3,1E+2,18446744073709551615,18446744073709551616,"ä€😀",[],{"":[[]]}]})";

bool isSame(const JsonView& view, const Json& value)
{
    if (view.kind() == JsonView::Kind::Number)
        return value.is_number() && view.number().has_value() == value.is_number_unsigned() &&
               (!view.number() || *view.number() == value.get<std::uint64_t>());
    if (view.isText())
        return value.is_string() && view.text() == value.get_ref<const std::string&>();
    if (view.kind() == JsonView::Kind::Boolean)
        return value.is_boolean() && view.boolean() == value.get<bool>();
    if (view.kind() == JsonView::Kind::Null)
        return value.is_null();
    if (view.size() != value.size() || view.isList() != value.is_array() ||
        view.isObject() != value.is_object())
        return false;
    bool same = true;
    std::size_t place = 0;
    view.each([&](const JsonView& one) {
        if (view.isList()) {
            same = same && isSame(one, value.at(place++));
            return;
        }
        const std::string name(one.name());
        same = same && value.contains(name) && isSame(one, value.at(name)) && view.member(name) == &one;
    });
    return same;
}

/// Reads the text with parseJson; returns nullopt when that refuses it.
std::optional<Json> parsed(const std::string& text)
{
    try {
        return parseJson(text, "it");
    } catch (const ParseError&) {
        return std::nullopt;
    }
}

bool agrees(const std::string& text)
{
    const auto value = parsed(text);
    try {
        const JsonDocument document = JsonDocument::parse(text, "it");
        return value && isSame(document.root(), *value);
    } catch (const ParseError&) {
        return !value;
    }
}

class JsonViewTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JsonViewTest);
    CPPUNIT_TEST(readsWhatTheOtherReaderReads);
    CPPUNIT_TEST(refusesWhatTheOtherReaderRefuses);
    CPPUNIT_TEST(agreesOverDocumentsThatAreMadeWrong);
    CPPUNIT_TEST_SUITE_END();

    void readsWhatTheOtherReaderReads()
    {
        const std::string text(kDocument);
        CPPUNIT_ASSERT(parsed(text));
        CPPUNIT_ASSERT(agrees(text));
        const JsonDocument document = JsonDocument::parse(text, "it");
        CPPUNIT_ASSERT(document.root().member("none") == nullptr);
        CPPUNIT_ASSERT(document.root().member("id")->member("none") == nullptr);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, *document.root().member("version")->number());
        for (const std::string& nested : {std::string(32, '[') + std::string(32, ']'), std::string(" 1 "),
                                          std::string("\"\""), std::string("null\r\n\t ")})
            CPPUNIT_ASSERT_MESSAGE(nested, parsed(nested) && agrees(nested));
    }

    void refusesWhatTheOtherReaderRefuses()
    {
        using namespace std::string_literals;
        for (const std::string& text : {""s,
                                        " "s,
                                        "{"s,
                                        "["s,
                                        "[1,]"s,
                                        "{\"a\":1,}"s,
                                        "{,}"s,
                                        "{\"a\" 1}"s,
                                        "{a:1}"s,
                                        "01"s,
                                        "+1"s,
                                        "1."s,
                                        ".5"s,
                                        "1e"s,
                                        "-"s,
                                        "1 2"s,
                                        "tru"s,
                                        "nulll"s,
                                        "\"a"s,
                                        "\"\x01\""s,
                                        "\"\\x\""s,
                                        "\"\\u12g4\""s,
                                        "\"\\ud800\""s,
                                        "\"\\udc00\""s,
                                        "\"\\ud800\\u0041\""s,
                                        "\"\\u-123\""s,
                                        "\"\xc0\x80\""s,
                                        "\"\xed\xa0\x80\""s,
                                        "\"\xf4\x90\x80\x80\""s,
                                        "\"\xff\""s,
                                        "\"\xe2\x82\""s,
                                        "{\"a\":1,\"a\":2}"s,
                                        "{\"a\":1,\"\\u0061\":2}"s,
                                        "1e999"s,
                                        std::string(400, '9'),
                                        std::string(33, '[') + std::string(33, ']'),
                                        "\"\\\""s,
                                        "\"\\"s,
                                        "//\n1"s,
                                        "'a'"s,
                                        "NaN"s,
                                        "[\"\0\"]"s}) {
            CPPUNIT_ASSERT_MESSAGE(text, !parsed(text));
            CPPUNIT_ASSERT_MESSAGE(text, agrees(text));
        }
        // parseJson takes a NUL for the end of the text.
        CPPUNIT_ASSERT_THROW(static_cast<void>(JsonDocument::parse("1\0x"s, "it")), ParseError);
        CPPUNIT_ASSERT_THROW(static_cast<void>(JsonDocument::parse("\xef\xbb\xbf"
                                                                   "1",
                                                                   "it")),
                             ParseError);
    }

    void agreesOverDocumentsThatAreMadeWrong()
    {
        constexpr std::string_view kBytes = "{}[]\",:\\u0019eE+-.tfn \n\x7f\x80\xc3\xe2\xed\xf0\xff/d8a";
        std::uint64_t state = 7;
        const auto next = [&state](std::size_t below) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            return static_cast<std::size_t>(state >> 33) % below;
        };
        int taken = 0;
        for (int round = 0; round < 60000; ++round) {
            std::string text(kDocument);
            for (std::size_t i = 0; i <= next(3); ++i)
                switch (const std::size_t at = next(text.size()); next(3)) {
                case 0:
                    text[at] = kBytes[next(kBytes.size())];
                    break;
                case 1:
                    text.erase(at, 1 + next(4));
                    break;
                default:
                    text.insert(at, 1, kBytes[next(kBytes.size())]);
                }
            taken += parsed(text) ? 1 : 0;
            CPPUNIT_ASSERT_MESSAGE(text, agrees(text));
        }
        CPPUNIT_ASSERT(taken > 5000); // or refusals were compared alone
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(JsonViewTest);

} // namespace
} // namespace teehost::kit::test
