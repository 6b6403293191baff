// SPDX-License-Identifier: Apache-2.0
#include "host/vm/marker_search.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

namespace teehost::vm {
namespace {

class MarkerSearchTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MarkerSearchTest);
    CPPUNIT_TEST(findsAMarkerThatComesInPieces);
    CPPUNIT_TEST(beginsWhereItIsTold);
    CPPUNIT_TEST(goesOnAfterARotation);
    CPPUNIT_TEST(findsNothingWithoutAMarkerOrALog);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        log_ = std::filesystem::temp_directory_path() / ("marker-search-" + std::to_string(::getpid()));
        std::ofstream(log_, std::ios::trunc);
    }
    void tearDown() override { std::filesystem::remove(log_); }

private:
    void append(const std::string& text) { std::ofstream(log_, std::ios::app) << text; }

    void findsAMarkerThatComesInPieces()
    {
        MarkerSearch search(log_, "as init process", 0);
        for (const auto* piece : {"[    1.2] Run /init as", " init", " proc"}) {
            append(piece);
            CPPUNIT_ASSERT(!search.look());
        }
        append("ess\n");
        CPPUNIT_ASSERT(search.look());
        append("more");
        CPPUNIT_ASSERT(search.look());
    }

    void beginsWhereItIsTold()
    {
        append("Run /init as init process\n");
        MarkerSearch search(log_, "as init process", std::filesystem::file_size(log_));
        CPPUNIT_ASSERT(!search.look());
        append("Run /init as init process\n");
        CPPUNIT_ASSERT(search.look());
    }

    void goesOnAfterARotation()
    {
        append(std::string(5000, 'x'));
        MarkerSearch search(log_, "login:", 0);
        CPPUNIT_ASSERT(!search.look());
        std::ofstream(log_, std::ios::trunc);
        append("login:");
        CPPUNIT_ASSERT(search.look());
    }

    void findsNothingWithoutAMarkerOrALog()
    {
        append("anything");
        CPPUNIT_ASSERT(!MarkerSearch(log_, "", 0).look());
        CPPUNIT_ASSERT(!MarkerSearch(log_.string() + "-absent", "anything", 0).look());
    }

    std::filesystem::path log_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MarkerSearchTest);

} // namespace
} // namespace teehost::vm
