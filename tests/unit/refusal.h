// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <cppunit/TestAssert.h>

#include <teehost/kit/input_error.h>

namespace teehost::test {

/// `body` refuses with that reason.
template <class Body>
void expectRefusal(const std::string& reason, Body&& body)
{
    try {
        body();
    } catch (const kit::InputError& error) {
        CPPUNIT_ASSERT_EQUAL(reason, std::string(error.reason()));
        return;
    }
    CPPUNIT_FAIL("not refused for " + reason);
}

} // namespace teehost::test
