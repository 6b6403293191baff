// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/library.h"

#include <cstdint>
#include <cstring>

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector> // before library_info.hpp, which forgets it in Boost 1.74

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>

#include "host/base/error.h"

namespace teehost::plugin {

namespace {

namespace dll = boost::dll;

/// RTLD_NOW: a plugin with an undefined symbol fails here and not in the middle of a launch. RTLD_LOCAL:
/// plugins do not see each other's symbols. RTLD_NODELETE: no destructor of a handle can unmap code that
/// something still points into.
constexpr auto kMode =
    static_cast<dll::load_mode::type>(dll::load_mode::rtld_now | dll::load_mode::rtld_local | RTLD_NODELETE);

std::string withoutPrefix(std::string words, const std::string& fd_path, const std::string& path)
{
    for (std::size_t at = words.find(fd_path); at != std::string::npos;
         at = words.find(fd_path, at + path.size()))
        words.replace(at, fd_path.size(), path); // the operator knows the file, not our descriptor
    return words;
}

/// The section headers stand at the end of what a linker writes, so a file that holds all of them was not cut
/// short, as by an interrupted copy. The dynamic linker does not look: it maps what is missing, and touching
/// that is SIGBUS.
void requireWhole(const UniqueFd& file)
{
    Elf64_Ehdr header{};
    struct stat status {};
    const bool read =
        ::pread(file.get(), &header, sizeof header, 0) == sizeof header && ::fstat(file.get(), &status) == 0;
    if (!read || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return; // the dynamic linker says best what it is not
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const std::uint64_t table = std::uint64_t{header.e_shnum} * header.e_shentsize;
    if (header.e_shoff > size || table > size - header.e_shoff)
        throw Error(Category::FailedPrecondition,
                    "it cannot be loaded: the file was cut short; install it again");
}

} // namespace

th_entry_fn openLibrary(UniqueFd file, const std::string& path)
{
    requireWhole(file);
    const std::string fd_path = "/proc/self/fd/" + std::to_string(file.get());
    try {
        const dll::shared_library library(fd_path, kMode);
        // Kept open for good: the dynamic linker knows loaded libraries by name, and would hand out this one
        // for the next plugin that happens to get the same descriptor number.
        (void)file.release();
        return &library.get<decltype(teehost_plugin_entry)>(TH_ENTRY_SYMBOL);
    } catch (const dll::fs::system_error& e) {
        // what() has the dynamic linker's words; the error code is the same for every reason. A descriptor
        // that is still ours was not loaded.
        const std::string words = withoutPrefix(e.what(), fd_path, path);
        throw Error(Category::FailedPrecondition, file ? "it cannot be loaded: " + words
                                                       : "it has no symbol " TH_ENTRY_SYMBOL ": " + words);
    }
}

} // namespace teehost::plugin
