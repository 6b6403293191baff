// SPDX-License-Identifier: Apache-2.0
#include "cli/on_demand/library.h"

#include <filesystem>
#include <string>

#include <dlfcn.h>

#include "cli/failure.h"

namespace teehost::cli {
namespace {

const OnDemandEntry& load()
{
    const auto program = std::filesystem::read_symlink("/proc/self/exe");
    const std::string path =
        (program.parent_path() / "../lib/teehost/teehost-on-demand.so").lexically_normal().string();
    const std::string hint = "reinstall the whole package: this part talks to the daemon and the network";
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        throw Failure(ExitCode::Failed, std::string("cannot load a part of teehost: ") + ::dlerror(), hint);
    const auto function = reinterpret_cast<OnDemandFunction>(::dlsym(library, kOnDemandSymbol));
    if (function == nullptr || std::string(function()->version) != TEEHOST_VERSION)
        throw Failure(ExitCode::Failed, "\"" + path + "\" is of another version than this program", hint);
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
