// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace teehost::test {

struct HttpAnswer {
    int status = 0;
    std::string body;
};

/// One request to an address like "http://localhost:7003/health". Throws when nobody answers. With https, the
/// server must have a certificate of `ca`.
[[nodiscard]] HttpAnswer httpGet(const std::string& url, const std::filesystem::path& ca = {});
[[nodiscard]] HttpAnswer httpRequest(const std::string& method, const std::string& url,
                                     const std::filesystem::path& ca = {});

} // namespace teehost::test
