// SPDX-License-Identifier: Apache-2.0
#include "host/launch/config_digest.h"

#include <fcntl.h>

#include "host/base/error.h"
#include "host/base/sha256.h"
#include "host/base/text.h"
#include "host/base/unique_fd.h"
#include "host/launch/agent_environment.h"

namespace teehost::launch {
namespace {

constexpr const char* kAbsent = "-";

std::string ofFile(const std::string& path)
{
    if (path.empty())
        return kAbsent;
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd)
        throw systemError(Category::FailedPrecondition, "cannot open \"" + printable(path) + "\"", errno);
    return toHex(sha256OfFile(fd.get(), path));
}

std::string ofText(const std::string& text) { return text.empty() ? kAbsent : toHex(sha256(text)); }

const Secret* find(const std::vector<ShareFile>& files, std::string_view name)
{
    for (const auto& file : files)
        if (file.name == name)
            return &file.content;
    return nullptr;
}

/// The lines of the environment that hold no secret, each with its line break.
std::string ofEnvironment(const std::vector<ShareFile>& files)
{
    const auto* environment = find(files, kEnvironmentFile);
    if (environment == nullptr)
        return kAbsent;
    Sha256 hash;
    std::string_view rest = environment->reveal();
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n') + 1); // each line ends in one
        if (!isSecretVariable(line.substr(0, line.find('='))))
            hash.update(line);
        rest.remove_prefix(line.size());
    }
    return toHex(hash.finish());
}

std::string ofCertificate(const std::vector<ShareFile>& files, std::string_view name)
{
    const auto* pem = find(files, name);
    return pem == nullptr ? kAbsent : toHex(sha256(pem->reveal()));
}

} // namespace

std::vector<std::uint8_t> configDigest(const VmSpec& spec, const VmSecrets& files)
{
    return sha256("teehost-config/1\n"
                  "kernel " +
                  ofFile(spec.kernel) +
                  "\n"
                  "initrd " +
                  ofFile(spec.initrd) +
                  "\n"
                  "cmdline " +
                  ofText(spec.cmdline) +
                  "\n"
                  "environment " +
                  ofEnvironment(files.env) +
                  "\n"
                  "cert.pem " +
                  ofCertificate(files.certs, kCertificateFile) +
                  "\n"
                  "ca.pem " +
                  ofCertificate(files.certs, kCaFile) + "\n");
}

} // namespace teehost::launch
