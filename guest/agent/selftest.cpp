// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/selftest.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <openssl/evp.h>

#include "guest/agent/filesystems.h"
#include "guest/agent/printable.h"

namespace teehost::guest {
namespace {

constexpr std::size_t kMaxCertificateBytes = 1024 * 1024;
constexpr std::size_t kMaxFiles = 64;

std::string sha256Hex(std::string_view data)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 failed");
    std::string hex;
    for (unsigned int i = 0; i < length; ++i) {
        char two[3];
        std::snprintf(two, sizeof two, "%02x", digest[i]);
        hex += two;
    }
    return hex;
}

std::vector<std::filesystem::path> filesBelow(const char* directory)
{
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (files.size() == kMaxFiles)
            break;
        if (entry.is_regular_file(error))
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace

void printSelftest(const Console& console, const Environment& environment)
{
    for (const auto& variable : environment.variables)
        console.line("selftest env " + variable.name + " sha256=" + sha256Hex(variable.value));
    const auto files = filesBelow(kCertificatesDirectory);
    for (const auto& file : files) {
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0)
            continue;
        char mode[8];
        std::snprintf(mode, sizeof mode, "%04o", status.st_mode & 07777u);
        console.line("selftest cert " + printable(file.filename().string()) +
                     " size=" + std::to_string(status.st_size) + " mode=" + mode +
                     " sha256=" + sha256Hex(readFile(file, kMaxCertificateBytes)));
    }
    console.line("selftest done variables=" + std::to_string(environment.variables.size()) +
                 " certificates=" + std::to_string(files.size()));
}

} // namespace teehost::guest
