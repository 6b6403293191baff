// SPDX-License-Identifier: Apache-2.0
//
// Certificates for tests, made by the openssl program as an operator would make them.
#pragma once

#include <filesystem>
#include <string>

namespace teehost::test {

struct Identity {
    std::filesystem::path certificate, key;
};

/// A certificate authority with its files in a directory.
class Authority {
public:
    Authority(std::filesystem::path directory, std::string name);

    [[nodiscard]] const std::filesystem::path& certificate() const noexcept { return certificate_; }
    /// For servers at these addresses, and for clients.
    [[nodiscard]] Identity issue(const std::string& name,
                                 const std::string& addresses = "DNS:localhost,IP:127.0.0.1") const;

private:
    std::filesystem::path directory_;
    std::string name_;
    std::filesystem::path certificate_, key_;
};

} // namespace teehost::test
