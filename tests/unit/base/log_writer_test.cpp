// SPDX-License-Identifier: Apache-2.0
#include "host/base/log_writer.h"

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/base/log.h"

namespace teehost {
namespace {

using namespace std::chrono_literals;

/// A pipe that holds 4 KiB and stays open for as long as the process lives, as a writer asks.
struct Pipe {
    Pipe()
    {
        CPPUNIT_ASSERT_EQUAL(0, ::pipe2(ends.data(), O_CLOEXEC));
        ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
    }
    std::string read()
    {
        std::string text(1 << 16, '\0');
        const auto got = ::read(ends[0], text.data(), text.size());
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
    std::array<int, 2> ends{};
};

class LogWriterTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LogWriterTest);
    CPPUNIT_TEST(writesLinesInTheirOrder);
    CPPUNIT_TEST(neverWaitsForAReader);
    CPPUNIT_TEST(writesToADescriptorThatDoesNotBlock);
    CPPUNIT_TEST(endsWithoutItsReader);
    CPPUNIT_TEST_SUITE_END();

    void writesLinesInTheirOrder()
    {
        Pipe pipe;
        LogWriter writer(pipe.ends[1]);
        writer.push("one\n");
        writer.push("two\n");
        CPPUNIT_ASSERT(writer.flush(10s));
        CPPUNIT_ASSERT_EQUAL(std::string("one\ntwo\n"), pipe.read());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, writer.dropped());
    }

    void neverWaitsForAReader()
    {
        Pipe pipe;
        const auto writer = std::make_shared<LogWriter>(pipe.ends[1], LogWriter::Limits{100, 1 << 20});
        const Log log(LogLevel::Info, writer);
        for (int i = 0; i < 1000; ++i)
            log.info("a line", {{"filler", std::string(200, 'x')}});
        CPPUNIT_ASSERT(log.dropped() > 500);
        std::string all;
        while (all.find("log lines were dropped") == std::string::npos)
            all += pipe.read();
        CPPUNIT_ASSERT(writer->flush(10s));
        const std::string lost = std::to_string(log.dropped());
        CPPUNIT_ASSERT_MESSAGE(all.substr(all.size() - 300), all.find("\"lines\":\"") != std::string::npos);
        log.info("once more");
        CPPUNIT_ASSERT(writer->flush(10s));
        CPPUNIT_ASSERT(pipe.read().find("once more") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(lost, std::to_string(log.dropped()));
    }

    void writesToADescriptorThatDoesNotBlock()
    {
        Pipe pipe;
        ::fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK);
        LogWriter writer(pipe.ends[1]);
        const std::string line = std::string(1000, 'x') + "\n";
        for (int i = 0; i < 20; ++i)
            writer.push(line);
        std::string all;
        while (all.size() < 20 * line.size())
            all += pipe.read();
        CPPUNIT_ASSERT(writer.flush(10s));
        CPPUNIT_ASSERT_EQUAL(20 * line.size(), all.size());
    }

    void endsWithoutItsReader()
    {
        Pipe pipe;
        const auto start = std::chrono::steady_clock::now();
        {
            LogWriter writer(pipe.ends[1]);
            writer.push(std::string(100'000, 'x'));
        }
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - start < 30s); // it would be for ever
        ::close(pipe.ends[0]); // the thread that waits gets EPIPE, and ends
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogWriterTest);

} // namespace
} // namespace teehost
