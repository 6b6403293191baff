// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/attest/tsm_report.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/agent/attest/no_evidence.h"
#include "guest/agent/filesystems.h"
#include "host/base/unique_fd.h"

namespace teehost::guest {
namespace {

constexpr const char* kEntry = "/sys/kernel/config/tsm/report/teehost";
constexpr std::size_t kMaxFile = 1u << 20;

std::mutex entryMutex;

std::string errorText(const std::string& what) { return what + ": " + std::strerror(errno); }

} // namespace

TsmReport::TsmReport() : lock_(entryMutex)
{
    ::rmdir(kEntry); // an agent that crashed left it, with what it had set
    if (::mkdir(kEntry, 0700) != 0)
        throw NoEvidence(errorText("this VM has no TEE whose reports can be asked for"));
}

TsmReport::~TsmReport() { ::rmdir(kEntry); }

std::string TsmReport::file(const char* attribute) const { return std::string(kEntry) + "/" + attribute; }

void TsmReport::requireProvider(const std::string& provider) const
{
    const std::string its = get("provider");
    if (its.rfind(provider, 0) != 0)
        throw NoEvidence("the TEE of this VM is another one: its driver is " + its.substr(0, its.find('\n')));
}

bool TsmReport::has(const char* attribute) const { return ::access(file(attribute).c_str(), F_OK) == 0; }

void TsmReport::set(const char* attribute, const std::string& bytes) const
{
    const UniqueFd to(::open(file(attribute).c_str(), O_WRONLY | O_CLOEXEC));
    if (to.get() < 0 || ::write(to.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        throw NoEvidence(errorText(std::string("the TEE's driver takes no ") + attribute));
}

std::string TsmReport::get(const char* attribute) const
{
    try {
        return readKernelFile(file(attribute), kMaxFile);
    } catch (const std::exception& e) {
        throw NoEvidence(std::string("the TEE's driver gives no report: ") + e.what());
    }
}

std::string TsmReport::getIfAny(const char* attribute) const
{
    try {
        return get(attribute);
    } catch (const NoEvidence&) {
        return {};
    }
}

} // namespace teehost::guest
