// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace teehost {

/// SHA-256 of what is fed to it.
class Sha256 {
public:
    Sha256(); ///< throws Internal when OpenSSL has no SHA-256
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void update(std::string_view bytes);
    /// Once, as the last call.
    [[nodiscard]] std::vector<std::uint8_t> finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] std::vector<std::uint8_t> sha256(std::string_view bytes);

/// Of the whole file behind `fd`, whatever its offset is. `path` is for the message: throws
/// FailedPrecondition when it cannot be read.
[[nodiscard]] std::vector<std::uint8_t> sha256OfFile(int fd, const std::string& path);

} // namespace teehost
