// SPDX-License-Identifier: Apache-2.0
//
// A zip file from a client: refused, or unpacked below its directory into files and directories, and not past
// the limit.
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/zip_file.h"
#include "host/base/unique_fd.h"
#include "tests/fuzz/property.h"

using namespace teehost;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLimit = 1u << 20;

/// Two levels, so that what climbs out of it is still found.
struct Place {
    fs::path above, below;
    Place()
    {
        std::string pattern = fs::temp_directory_path() / "teehost-zip-fuzz-XXXXXX";
        fuzz::require(::mkdtemp(pattern.data()) != nullptr, "there is a directory for temporary files");
        above = pattern;
        below = above / "datasets";
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { fs::remove_all(above); }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Place place;
    fs::create_directory(place.below);
    const UniqueFd zip(::memfd_create("zip", MFD_CLOEXEC));
    fuzz::require(::write(zip.get(), data, size) == static_cast<ssize_t>(size), "memory can be written");
    const UniqueFd directory(::open(place.below.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    try {
        guest::unzipInto(zip.get(), directory.get(), kLimit);
    } catch (const guest::Refusal&) {
    }
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(place.below)) {
        const auto type = entry.symlink_status().type();
        fuzz::require(type == fs::file_type::regular || type == fs::file_type::directory,
                      "what is unpacked are files and directories");
        if (type == fs::file_type::regular)
            bytes += entry.file_size();
    }
    fuzz::require(bytes <= kLimit, "no more than the limit is unpacked");
    fs::remove_all(place.below);
    fuzz::require(fs::is_empty(place.above), "nothing climbs out");
    return 0;
}
