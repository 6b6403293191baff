// SPDX-License-Identifier: Apache-2.0
//
// A host of collateral: an HTTPS server on a port of localhost, with a certificate of the test's own CA.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/cli/test_certificates.h"

namespace teehost::attest::test {

class FakeOrigin {
public:
    explicit FakeOrigin(const cli::test::Identity& identity);
    ~FakeOrigin();
    FakeOrigin(const FakeOrigin&) = delete;
    FakeOrigin& operator=(const FakeOrigin&) = delete;

    /// From now on `path` is answered with this, byte for byte; other paths with 404.
    void answer(const std::string& path, const std::string& response);
    /// The same, put together: `head` are lines that each end in "\r\n".
    void answer(const std::string& path, unsigned status, const std::string& head, const std::string& body);
    /// Answers come only after this long, or when the client has gone.
    void answerLate(std::chrono::milliseconds delay) { delayMs_ = static_cast<int>(delay.count()); }

    /// The heads of the requests so far.
    [[nodiscard]] std::vector<std::string> requests() const;
    [[nodiscard]] std::string authority() const { return "localhost:" + std::to_string(port_); }
    [[nodiscard]] std::string url(const std::string& path) const { return "https://" + authority() + path; }

private:
    struct Tls;
    void serve();
    void serveOne(int fd);
    [[nodiscard]] std::string responseTo(const std::string& head);

    std::unique_ptr<Tls> tls_;
    int listener_ = -1;
    unsigned port_ = 0;
    std::atomic<bool> ends_{false};
    std::atomic<int> delayMs_{0};
    mutable std::mutex mutex_;
    std::map<std::string, std::string> answers_; // guarded by mutex_, as requests_ is
    std::vector<std::string> requests_;
    std::thread thread_;
};

} // namespace teehost::attest::test
