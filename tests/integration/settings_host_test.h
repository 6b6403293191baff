// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests that hand settings to a daemon and read what it says of them.
#pragma once

#include <algorithm>
#include <sstream>

#include <cppunit/extensions/HelperMacros.h>

#include "support/host_test.h"

namespace teehost::test {

class SettingsHostTest : public HostTest {
protected:
    /// A start that only looks at the settings.
    Finished check(DaemonOptions options)
    {
        options.arguments.insert(options.arguments.begin(), "--check-config");
        // Directories and ports that a check does not name are this test's own.
        for (const auto& [key, value] : quickSettings(stage()))
            if (key.ends_with(".dir") ||
                (key.ends_with(".port") && !options.environment.contains("MANAGER_GRPC_PORT")))
                options.settings.try_emplace(key, value);
        options.settings.try_emplace("plugins.allow_own", "true");
        return runDaemon(stage(), options);
    }

    /// The last line of a refusal, after the log; there must be exactly one.
    static std::string refusal(const Finished& finished)
    {
        CPPUNIT_ASSERT_MESSAGE(finished.output, finished.status != 0);
        const auto at = finished.errors.find("teehostd: ");
        CPPUNIT_ASSERT_MESSAGE(finished.errors, at != std::string::npos);
        const auto text = finished.errors.substr(at);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::ptrdiff_t{1}, std::count(text.begin(), text.end(), '\n'));
        return text;
    }

    /// The lines of a refusal, all of them.
    static std::string refusals(const Finished& finished)
    {
        CPPUNIT_ASSERT_MESSAGE(finished.output, finished.status != 0);
        std::istringstream lines(finished.errors);
        std::string out;
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with("teehostd: "))
                out += line + "\n";
        return out;
    }
};

} // namespace teehost::test
