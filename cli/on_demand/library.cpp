// SPDX-License-Identifier: Apache-2.0
#include "cli/on_demand/library.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <dlfcn.h>

#include "cli/failure.h"

namespace teehost::cli {
namespace {

constexpr const char* kReinstall =
    "reinstall the whole package: this part talks to the daemon and the network";

std::string pathOfLibrary()
{
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error)
        throw Failure(ExitCode::Failed, "cannot read \"/proc/self/exe\": " + error.message(),
                      "mount /proc: it tells where the program is, beside which its other parts are");
    return (program.parent_path() / "../lib/teehost/teehost-on-demand.so").lexically_normal().string();
}

bool isOfThisBuild(const OnDemandEntry& entry)
{
    return std::string_view(entry.version) == TEEHOST_ON_DEMAND_VERSION && entry.bytes == sizeof entry &&
           entry.layout == kOnDemandLayout;
}

const OnDemandEntry& load()
{
    const std::string path = pathOfLibrary();
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        throw Failure(ExitCode::Failed, std::string("cannot load a part of teehost: ") + ::dlerror(),
                      kReinstall);
    const auto function = reinterpret_cast<OnDemandFunction>(::dlsym(library, kOnDemandSymbol));
    if (function == nullptr || !isOfThisBuild(*function()))
        throw Failure(ExitCode::Failed, "\"" + path + "\" is of another build than this program", kReinstall);
    return *function();
}

attest::HttpsUrl parse(const std::string& text) { return onDemand().https->parse(text); }
attest::HttpsResponse get(const attest::HttpsRequest& request) { return onDemand().https->get(request); }

} // namespace

const OnDemandEntry& onDemand()
{
    static const OnDemandEntry& entry = load(); // code of this process from here on, never unloaded
    return entry;
}

const attest::HttpsClient kHttpsOnDemand{parse, get};

} // namespace teehost::cli
