// SPDX-License-Identifier: Apache-2.0
#include "host/base/own_library.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include <dlfcn.h>
#include <fcntl.h>

#include "host/base/error.h"

namespace teehost {
namespace {

constexpr const char* kReinstall = "reinstall the whole package: this is a part of it";

} // namespace

std::string OwnLibrary::path() const
{
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error)
        throw Error(Category::FailedPrecondition, "cannot read \"/proc/self/exe\": " + error.message(),
                    "mount /proc: it tells where the program is, beside which its other parts are");
    return (program.parent_path() / "../lib/teehost" / file_).lexically_normal().string();
}

void OwnLibrary::hold()
{
    const std::string file = path();
    held_ = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!held_)
        throw systemError(Category::FailedPrecondition, "cannot open \"" + file + "\"", errno, kReinstall);
}

const OwnLibraryEntry* OwnLibrary::load(const char* symbol, const OwnLibraryEntry& expected) const
{
    const std::string file = path();
    const std::string from = held_ ? "/proc/self/fd/" + std::to_string(held_.get()) : file;
    void* const library = ::dlopen(from.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        throw Error(Category::FailedPrecondition,
                    std::string("cannot load a part of teehost: ") + ::dlerror(),
                    held_ ? "restart the daemon if packages were upgraded while it ran; else reinstall the "
                            "whole package"
                          : kReinstall);
    const auto function = reinterpret_cast<const OwnLibraryEntry* (*)()>(::dlsym(library, symbol));
    const OwnLibraryEntry* const entry = function == nullptr ? nullptr : function();
    if (entry == nullptr || std::string_view(entry->version) != expected.version ||
        entry->bytes != expected.bytes)
        throw Error(Category::FailedPrecondition, "\"" + file + "\" is of another build than this program",
                    kReinstall);
    return entry;
}

} // namespace teehost
