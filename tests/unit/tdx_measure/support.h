// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include <teehost/kit/bytes.h>

namespace teehost::tdx::test {

/// A folder that goes with the test.
class Folder {
public:
    Folder() : path_(std::filesystem::temp_directory_path() / ("tdx_measure-" + std::to_string(::getpid())))
    {
        std::filesystem::create_directories(path_);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string write(const char* name, const kit::Bytes& content) const
    {
        const auto path = path_ / name;
        std::ofstream(path, std::ios::binary | std::ios::trunc) << kit::textOf(content);
        return path.string();
    }

private:
    std::filesystem::path path_;
};

} // namespace teehost::tdx::test
