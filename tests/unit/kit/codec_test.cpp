// SPDX-License-Identifier: Apache-2.0
//
// Readers of protocol buffers and of CBOR.
#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/cbor.h>
#include <teehost/kit/protobuf.h>

namespace teehost::kit {
namespace {

bool refuses(auto&& read)
{
    try {
        read();
        return false;
    } catch (const ParseError&) {
        return true;
    }
}

class CodecTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CodecTest);
    CPPUNIT_TEST(readsEveryWireType);
    CPPUNIT_TEST(refusesBrokenMessages);
    CPPUNIT_TEST(readsEveryTypeOfItem);
    CPPUNIT_TEST(refusesOtherEncodings);
    CPPUNIT_TEST(passesOverItems);
    CPPUNIT_TEST_SUITE_END();

    void readsEveryWireType()
    {
        const Bytes message{0x08, 0x96, 0x01,                      // 1: 150
                            0x12, 0x02, 'h',  'i',                 // 2: "hi"
                            0x1D, 1,    0,    0,   0,              // 3: 1, fixed
                            0x21, 2,    0,    0,   0, 0, 0, 0, 0}; // 4: 2, fixed
        ProtobufReader in(message, "message");
        auto field = in.next();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{150}, field->integer());
        CPPUNIT_ASSERT(refuses([&] { static_cast<void>(field->integer(149)); }));
        CPPUNIT_ASSERT(refuses([&] { static_cast<void>(field->bytes()); }));
        field = in.next();
        CPPUNIT_ASSERT_EQUAL(std::string_view("hi"), textOf(field->bytes()));
        CPPUNIT_ASSERT(refuses([&] { static_cast<void>(field->integer()); }));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, in.next()->integer());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, in.next()->integer());
        CPPUNIT_ASSERT(!in.next());
    }

    void refusesBrokenMessages()
    {
        for (const Bytes& bytes :
             {Bytes{0x08}, Bytes{0x12, 3, 1, 2}, Bytes{0x0B}, Bytes{0x00, 1}, Bytes{0x1D, 1, 2},
              Bytes(11, 0xFF), Bytes{0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}})
            CPPUNIT_ASSERT(refuses([&] {
                ProtobufReader in(bytes, "message");
                while (in.next()) {
                }
            }));
    }

    void readsEveryTypeOfItem()
    {
        // {1: -2, "a": h'0102', 10: [18("x")]}, RFC 8949, section 3.
        const Bytes item{0xA3, 0x01, 0x21, 0x61, 'a', 0x42, 1, 2, 0x0A, 0x81, 0xD2, 0x61, 'x'};
        CborReader in(item, "item");
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, in.map());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, in.key().number);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{-2}, in.integer());
        CPPUNIT_ASSERT_EQUAL(std::string_view("a"), in.key().text);
        CPPUNIT_ASSERT(equal(in.bytes(), Bytes({1, 2})));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{10}, in.key().number);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, in.array());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{18}, in.tag());
        CPPUNIT_ASSERT_EQUAL(std::string_view("x"), in.text());
        in.expectDone();
    }

    void refusesOtherEncodings()
    {
        const auto whole = [](const Bytes& bytes) {
            CborReader in(bytes, "item");
            in.skip();
            in.expectDone();
        };
        for (const Bytes& bytes :
             {Bytes{0x18, 0x17}, Bytes{0x19, 0, 0xFF}, Bytes{0x1A, 0, 0, 0xFF, 0xFF},
              Bytes{0x1B, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, Bytes{0x9F, 0xFF}, Bytes{0x1C},
              Bytes{0xF8, 0x10}, Bytes{0x43, 1, 2}, Bytes{0xA1, 1}, Bytes{}, Bytes{1, 1}, Bytes(17, 0x81)})
            CPPUNIT_ASSERT_MESSAGE(toHex(bytes), refuses([&] { whole(bytes); }));
        const Bytes large{0x1B, 0xFF, 0, 0, 0, 0, 0, 0, 0}, many{0x9A, 0xFF, 0xFF, 0xFF, 0xFF, 0};
        CPPUNIT_ASSERT(refuses([&] { static_cast<void>(CborReader(large, "number").integer()); }));
        CPPUNIT_ASSERT(refuses([&] { static_cast<void>(CborReader(many, "list").array()); }));
    }

    void passesOverItems()
    {
        const Bytes item{0x82, 0xA1, 0x01, 0x82, 0xF5, 0xF6, 0xFB, 0, 0, 0, 0, 0, 0, 0, 0, 0x07};
        CborReader in(item, "item");
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, in.array());
        in.skip();
        CPPUNIT_ASSERT(in.peek() == CborReader::Type::Simple);
        in.skip();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, in.number());
        in.expectDone();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CodecTest);

} // namespace
} // namespace teehost::kit
