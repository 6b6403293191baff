// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/child.h"

namespace teehost::test {

/// A cvms-server on the host's loopback, which guests see as 10.0.2.2 (QEMU manual, "Using the user mode
/// network stack").
class CvmsServer {
public:
    using Line = nlohmann::json;
    using Wanted = std::function<bool(const Line&)>;

    /// Files go to `directory`; `options` are those of the program besides --listen.
    explicit CvmsServer(const std::filesystem::path& directory, std::vector<std::string> options = {});
    CvmsServer(const CvmsServer&) = delete;
    CvmsServer& operator=(const CvmsServer&) = delete;
    ~CvmsServer();

    /// For agent.server_url.
    [[nodiscard]] std::string seenFromGuest() const { return "10.0.2.2:" + std::to_string(port_); }

    /// SIGKILL.
    void kill();
    /// After kill(), on the same port; what it prints follows what it has printed.
    void start();

    /// A line of its standard input.
    void command(const std::string& text) const;

    /// What it has printed so far.
    [[nodiscard]] std::vector<Line> lines() const;
    /// Waits for a line like this, after the first `skip` ones.
    Line waitFor(const std::string& what, const Wanted& wanted, std::size_t skip = 0) const;

private:
    std::filesystem::path input_, output_, errors_;
    std::vector<std::string> options_;
    std::uint16_t port_ = 0;
    std::unique_ptr<Child> child_;
};

/// Lines of that type whose field is that text, or contains it.
[[nodiscard]] CvmsServer::Wanted ofType(const std::string& type, const std::string& field = {},
                                        const std::string& text = {});

} // namespace teehost::test
