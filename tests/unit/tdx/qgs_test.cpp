// SPDX-License-Identifier: Apache-2.0
//
// A quote generation service that answers well, badly, and not at all.
#include <array>
#include <functional>
#include <thread>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <teehost/kit/input_error.h>

#include "support.h"
#include "tdx/qgs.h"

namespace teehost::tdx::test {
namespace {

using namespace std::chrono_literals;
using kit::Bytes;

constexpr auto kLimit = 10s; // of a service that answers

void put(Bytes& out, std::uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; ++i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A message of type 5 (GET_PLATFORM_INFO's answer) with these contents.
Bytes answer(std::uint32_t error, const Bytes& body, std::uint32_t type = 5)
{
    Bytes out;
    put(out, 1, 2);
    put(out, 1, 2);
    put(out, type, 4);
    put(out, 16 + body.size(), 4);
    put(out, error, 4);
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

Bytes framed(const Bytes& message)
{
    Bytes out{static_cast<std::uint8_t>(message.size() >> 24),
              static_cast<std::uint8_t>(message.size() >> 16), static_cast<std::uint8_t>(message.size() >> 8),
              static_cast<std::uint8_t>(message.size())};
    out.insert(out.end(), message.begin(), message.end());
    return out;
}

/// Answers one connection with the bytes, whatever it is asked, and keeps what it was asked.
class FakeQgs {
public:
    FakeQgs(const std::string& path, Bytes says) : says_(std::move(says))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CPPUNIT_ASSERT_EQUAL(0, ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address));
        CPPUNIT_ASSERT_EQUAL(0, ::listen(listener_, 1));
        thread_ = std::thread([this] { serve(); });
    }
    FakeQgs(const FakeQgs&) = delete;
    FakeQgs& operator=(const FakeQgs&) = delete;
    ~FakeQgs()
    {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

    Bytes asked() // once it has been
    {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        thread_ = std::thread([] {});
        return asked_;
    }

private:
    void serve()
    {
        const int client = ::accept(listener_, nullptr, nullptr);
        if (client < 0)
            return;
        std::array<std::uint8_t, 64> buffer{};
        const auto got = ::recv(client, buffer.data(), buffer.size(), 0);
        asked_.assign(buffer.begin(), buffer.begin() + std::max<ssize_t>(got, 0));
        if (::send(client, says_.data(), says_.size(), MSG_NOSIGNAL) >= 0)
            ::shutdown(client, SHUT_WR);
        ::close(client);
    }

    Bytes says_, asked_;
    int listener_ = -1;
    std::thread thread_;
};

} // namespace

class QgsTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(QgsTest);
    CPPUNIT_TEST(asksInTheServicesProtocol);
    CPPUNIT_TEST(tellsTheServicesError);
    CPPUNIT_TEST(refusesWhatIsNoAnswer);
    CPPUNIT_TEST(isContentWithAConnection);
    CPPUNIT_TEST(saysWhyItCannotBeReached);
    CPPUNIT_TEST(findsTheUsualSocket);
    CPPUNIT_TEST_SUITE_END();

    Scratch scratch_;

    Asked<QgsPlatform> ask(const Bytes& says, QgsLook look = QgsLook::Ask)
    {
        const std::string path = scratch_ / "qgs.socket";
        ::unlink(path.c_str());
        const FakeQgs service(path, says);
        return lookAtQgs({path, 0, 0}, look, kLimit);
    }

    void asksInTheServicesProtocol()
    {
        FakeQgs service(scratch_ / "qgs.socket", framed(answer(0, {8, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0})));
        const auto platform = lookAtQgs({scratch_ / "qgs.socket", 0, 0}, QgsLook::Ask, kLimit);
        CPPUNIT_ASSERT_MESSAGE(platform.why, platform.value.has_value());
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{8}, platform.value->qeSvn);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{13}, platform.value->pceSvn);
        CPPUNIT_ASSERT(
            (service.asked() == Bytes{0, 0, 0, 16, 1, 0, 1, 0, 4, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0}));
    }

    void tellsTheServicesError()
    {
        const auto platform = ask(framed(answer(0xb033, {})));
        CPPUNIT_ASSERT(platform.value && platform.value->error == 0xb033);
    }

    void refusesWhatIsNoAnswer()
    {
        Bytes longer = answer(0, {8, 0, 13, 0});
        longer.push_back(0);
        struct Row {
            const char* words;
            Bytes says;
        };
        const Row rows[] = {{"does not answer", {}},
                            {"does not answer", {0, 0}},
                            {"frame of 0 bytes", {0, 0, 0, 0}},
                            {"frame of 268435456 bytes", {16, 0, 0, 0}}, // a length in the other byte order
                            {"breaks off", {0, 0, 0, 20, 1, 0, 1, 0}},
                            {"type 1", framed(answer(0, {8, 0, 13, 0}, 1))},
                            {"a size of 20 in a frame of 21", framed(longer)},
                            {"bytes wanted", framed(answer(0, {8}))}};
        for (const Row& row : rows) {
            const auto platform = ask(row.says);
            CPPUNIT_ASSERT_MESSAGE(row.words, !platform.value);
            CPPUNIT_ASSERT_MESSAGE(platform.why, platform.why.find(row.words) != std::string::npos);
        }
    }

    void isContentWithAConnection() { CPPUNIT_ASSERT(ask({}, QgsLook::Connect).value.has_value()); }

    void saysWhyItCannotBeReached()
    {
        const auto missing = lookAtQgs({scratch_ / "none", 0, 0}, QgsLook::Connect, kLimit);
        CPPUNIT_ASSERT(!missing.value && missing.why.find("No such file") != std::string::npos);
        const auto vsock = lookAtQgs({"", 2, 4'000'000'000}, QgsLook::Ask, 500ms);
        CPPUNIT_ASSERT(!vsock.value && vsock.why.find("vsock 2:4000000000") != std::string::npos);
    }

    void findsTheUsualSocket()
    {
        const auto configuration = configured({});
        CPPUNIT_ASSERT_EQUAL(std::string("vsock 2:4050"), qgsOf(configuration, scratch_.path())->toText());
        std::filesystem::create_directories(scratch_ / "var/run/tdx-qgs");
        const FakeQgs service(scratch_.path() + kQgsSocket, {});
        CPPUNIT_ASSERT_EQUAL(scratch_.path() + kQgsSocket, qgsOf(configuration, scratch_.path())->toText());
        CPPUNIT_ASSERT_EQUAL(std::string("vsock 2:4050"),
                             qgsOf(configured({{"quote_generation", "vsock"}}), scratch_.path())->toText());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(QgsTest);

} // namespace teehost::tdx::test
