// SPDX-License-Identifier: Apache-2.0
//
// What the tests of host/plugin share: expecting an Error, a log that is kept, and plugins that live in this
// program.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <cppunit/TestAssert.h>

#include "host/base/error.h"
#include "host/base/log.h"
#include "host/plugin/contract.h"
#include "host/plugin/plugin.h"
#include "teehost/plugin.h"

namespace teehost::plugin::test {

/// Runs `body`, which must throw an Error of `category` whose message contains `words`.
template <class Body>
void expectError(Category category, const std::string& words, Body&& body)
{
    try {
        body();
    } catch (const Error& e) {
        const std::string message = e.what();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(message, std::string(categoryName(category)),
                                     std::string(categoryName(e.category())));
        CPPUNIT_ASSERT_MESSAGE("\"" + message + "\" does not contain \"" + words + "\"",
                               message.find(words) != std::string::npos);
        return;
    }
    CPPUNIT_FAIL("no error; expected " + std::string(categoryName(category)) + ": " + words);
}

/// Keeps the lines it is given.
class KeptLog {
public:
    KeptLog()
        : log(LogLevel::Debug, [this](LogLevel, const std::string& line) {
              const std::lock_guard lock(mutex_);
              lines_.push_back(line);
          })
    {
    }
    [[nodiscard]] bool contains(const std::string& words) const
    {
        const std::lock_guard lock(mutex_);
        for (const std::string& line : lines_)
            if (line.find(words) != std::string::npos)
                return true;
        return false;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;

public:
    Log log;
};

[[nodiscard]] inline th_str str(const char* text) { return {text, std::char_traits<char>::length(text)}; }

/// A plugin of this program, taken as the host would; its instance is still to be created.
[[nodiscard]] inline std::unique_ptr<Plugin> takeUncreated(th_entry_fn entry, const Log& log)
{
    return std::make_unique<Plugin>(negotiate(entry, "/in/this/program.so", FileDigest(), log), log);
}

/// The same with its instance.
[[nodiscard]] inline std::unique_ptr<Plugin> take(th_entry_fn entry, const Log& log,
                                                  const CallContext& context = {})
{
    auto plugin = takeUncreated(entry, log);
    plugin->create(context);
    return plugin;
}

} // namespace teehost::plugin::test
