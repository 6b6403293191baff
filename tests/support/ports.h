// SPDX-License-Identifier: Apache-2.0
//
// TCP ports for tests that run at the same time on one machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace teehost::test {

/// A range of ports that no other test holds, below those the kernel gives to clients. Held until the end,
/// even through a crash, by a name in the abstract socket namespace (unix(7)), which the kernel gives back.
class PortRange {
public:
    static constexpr std::uint16_t kSize = 16;

    /// `size` is a multiple of kSize.
    explicit PortRange(std::uint16_t size = kSize);
    PortRange(const PortRange&) = delete;
    PortRange& operator=(const PortRange&) = delete;
    ~PortRange();

    [[nodiscard]] std::uint16_t low() const noexcept { return low_; }
    [[nodiscard]] std::uint16_t high() const noexcept { return static_cast<std::uint16_t>(low_ + size_ - 1); }
    /// As qemu.host_fwd_range takes it: all of them, or the first `count`.
    [[nodiscard]] std::string text() const { return text(size_); }
    [[nodiscard]] std::string text(unsigned count) const;

private:
    bool claim(std::uint16_t low);
    bool lock(std::uint16_t low);
    void unlock() noexcept;

    std::uint16_t size_;
    std::uint16_t low_ = 0;
    std::vector<int> locks_; ///< one for every kSize ports
};

/// A TCP socket on 127.0.0.1 that takes `port` away from everybody else.
class PortTaker {
public:
    explicit PortTaker(std::uint16_t port);
    PortTaker(const PortTaker&) = delete;
    PortTaker& operator=(const PortTaker&) = delete;
    ~PortTaker();

private:
    int fd_ = -1;
};

} // namespace teehost::test
