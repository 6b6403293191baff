// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/modules.h"

#include <sstream>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest/agent/filesystems.h"
#include "guest/agent/system_call.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

void loadModule(const std::string& path)
{
    const UniqueFd file(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "cannot open"));
    // glibc has no wrapper: init_module(2).
    if (::syscall(SYS_finit_module, file.get(), "", 0) != 0 && errno != EEXIST)
        throw std::system_error(errno, std::generic_category(), "cannot load");
}

} // namespace

ModuleReport loadModules(const std::string& list)
{
    const auto folder = list.substr(0, list.rfind('/') + 1);
    std::istringstream names(readFile(list, 64 * 1024));
    ModuleReport report;
    for (std::string name; std::getline(names, name);) {
        try {
            loadModule(folder + name);
            ++report.loaded;
        } catch (const std::system_error& error) {
            if (error.code() == std::errc::no_such_device)
                report.absentDevice.push_back(name);
            else
                report.failed.push_back(name + ": " + error.what());
        }
    }
    return report;
}

} // namespace teehost::guest
