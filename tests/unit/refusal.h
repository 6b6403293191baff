// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <cppunit/TestAssert.h>

#include <teehost/kit/input_error.h>

namespace teehost::test {

/// `body` refuses with that reason; returns what it says.
template <class Body>
std::string expectRefusal(const std::string& reason, Body&& body)
{
    try {
        body();
    } catch (const kit::InputError& error) {
        CPPUNIT_ASSERT_EQUAL(reason, std::string(error.reason()));
        return error.what();
    }
    CPPUNIT_FAIL("not refused for " + reason);
    return {};
}

} // namespace teehost::test
