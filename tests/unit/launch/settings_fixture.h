// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <stdlib.h>

#include "host/settings/settings.h"

namespace teehost::launch {

/// A directory that is gone with the test.
class ScratchDir {
public:
    ScratchDir()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "teehost-unit-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ScratchDir(const ScratchDir&) = delete;
    ScratchDir& operator=(const ScratchDir&) = delete;
    ~ScratchDir()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    std::string write(const std::string& name, const std::string& content) const
    {
        std::ofstream(path_ / name) << content;
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

/// Settings of a host whose kernel and initrd exist in `dir`, changed by `overrides`.
inline settings::Settings hostSettings(const ScratchDir& dir, std::vector<std::string> overrides = {})
{
    settings::Sources sources;
    sources.baseDir = dir.path().string();
    sources.overrides = {"qemu.kernel.file=" + dir.write("bzImage", "kernel"),
                         "qemu.kernel.initrd=" + dir.write("rootfs", "initrd")};
    sources.overrides.insert(sources.overrides.end(), overrides.begin(), overrides.end());
    std::vector<std::string> warnings;
    return settings::loadSettings(settings::hostOptions(), sources, warnings);
}

} // namespace teehost::launch
