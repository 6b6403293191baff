// SPDX-License-Identifier: Apache-2.0
#include "support/files.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <system_error>

#include <openssl/evp.h>
#include <sys/stat.h>

namespace teehost::test {

namespace fs = std::filesystem;

ScratchDir::ScratchDir()
{
    fs::create_directories(TEEHOST_TEST_SCRATCH);
    std::string name = std::string(TEEHOST_TEST_SCRATCH) + "/XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), "cannot make " + name);
    path_ = name;
}

ScratchDir::~ScratchDir()
{
    if (std::getenv("TEEHOST_TEST_KEEP") != nullptr) {
        std::cerr << "kept: " << path_ << "\n";
        return;
    }
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string readFile(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

void writeFile(const fs::path& path, std::string_view content, mode_t mode)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << content;
    if (!file.flush() || ::chmod(path.c_str(), mode) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
}

mode_t modeOf(const fs::path& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot look at " + path.string());
    return status.st_mode & 07777;
}

std::string sha256(std::string_view bytes)
{
    std::array<unsigned char, 32> digest{};
    if (::EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, ::EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available");
    std::string hex;
    for (const unsigned char byte : digest) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        hex += kDigits[byte >> 4];
        hex += kDigits[byte & 0xF];
    }
    return hex;
}

} // namespace teehost::test
