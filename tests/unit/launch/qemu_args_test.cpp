// SPDX-License-Identifier: Apache-2.0
#include "host/launch/qemu_args.h"

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/error.h"

namespace teehost::launch {
namespace {

class QemuArgsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(QemuArgsTest);
    CPPUNIT_TEST(doublesCommasInValuesOnly);
    CPPUNIT_TEST(aValueCannotBecomeAnotherOption);
    CPPUNIT_TEST(refusesKeysAndDriversThatAreNoNames);
    CPPUNIT_TEST(refusesControlCharacters);
    CPPUNIT_TEST(wholeArgumentsStayAsTheyAre);
    CPPUNIT_TEST(jsonMustBeOneObject);
    CPPUNIT_TEST(theCommandCanBePastedIntoAShell);
    CPPUNIT_TEST_SUITE_END();

    void doublesCommasInValuesOnly()
    {
        QemuArgs args("qemu");
        args.option("-drive", "", {{"file", "/a,b"}, {"if", "none"}});
        args.option("-device", "virtio-net-pci", {{"romfile", ""}});
        const std::vector<std::string> expected{"qemu", "-drive", "file=/a,,b,if=none", "-device",
                                                "virtio-net-pci,romfile="};
        CPPUNIT_ASSERT(expected == args.argv());
    }

    /// Parses the text as QEMU does: split at single commas, a doubled one is a literal comma.
    static std::vector<std::string> parsedLikeQemu(const std::string& text)
    {
        std::vector<std::string> parts(1);
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == ',' && i + 1 < text.size() && text[i + 1] == ',')
                parts.back() += text[++i];
            else if (text[i] == ',')
                parts.emplace_back();
            else
                parts.back() += text[i];
        }
        return parts;
    }

    void aValueCannotBecomeAnotherOption()
    {
        for (const std::string value :
             {"x,readonly=off", ",", ",,", ",,,", "a,,b", "=,=", "x,", "{\"a\":1}"}) {
            QemuArgs args("qemu");
            args.option("-fsdev", "local", {{"path", value}, {"readonly", "on"}});
            const std::vector<std::string> expected{"local", "path=" + value, "readonly=on"};
            CPPUNIT_ASSERT_MESSAGE(value, expected == parsedLikeQemu(args.argv().back()));
        }
    }

    void refusesKeysAndDriversThatAreNoNames()
    {
        QemuArgs args("qemu");
        CPPUNIT_ASSERT_THROW(args.option("-device", "", {{"a,b", "x"}}), Error);
        CPPUNIT_ASSERT_THROW(args.option("-device", "", {{"a=b", "x"}}), Error);
        CPPUNIT_ASSERT_THROW(args.option("-device", "", {{"", "x"}}), Error);
        CPPUNIT_ASSERT_THROW(args.option("-device", "x,y", {}), Error);
    }

    void refusesControlCharacters()
    {
        QemuArgs args("qemu");
        CPPUNIT_ASSERT_THROW(args.whole("-append", "a\nb"), Error);
        CPPUNIT_ASSERT_THROW(args.whole("-append", std::string("a\0b", 3)), Error);
        CPPUNIT_ASSERT_THROW(args.option("-device", "x", {{"k", "a\nb"}}), Error);
        CPPUNIT_ASSERT_THROW(args.raw("a\x7f"), Error);
    }

    void wholeArgumentsStayAsTheyAre()
    {
        QemuArgs args("qemu");
        args.whole("-append", "a=1,b=2 c");
        CPPUNIT_ASSERT_EQUAL(std::string("a=1,b=2 c"), args.argv().back());
    }

    void jsonMustBeOneObject()
    {
        QemuArgs args("qemu");
        args.json("-object", R"({ "qom-type": "x" })");
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"qom-type":"x"})"), args.argv().back());
        for (const std::string text : {"[]", "1", "", "{", "{} {}"})
            CPPUNIT_ASSERT_THROW_MESSAGE(text, args.json("-object", text), Error);
        const std::string deep = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
        CPPUNIT_ASSERT_THROW(args.json("-object", deep), Error);
    }

    void theCommandCanBePastedIntoAShell()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("qemu -append 'a b' 'romfile=$x'"),
                             shellCommand({"qemu", "-append", "a b", "romfile=$x"}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(QemuArgsTest);

} // namespace
} // namespace teehost::launch
