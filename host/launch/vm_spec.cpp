// SPDX-License-Identifier: Apache-2.0
#include "host/launch/vm_spec.h"

#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/base/unique_fd.h"
#include "host/launch/agent_environment.h"

namespace teehost::launch {
namespace {

constexpr std::size_t kMaxCmdlineBytes = 2047; // COMMAND_LINE_SIZE of x86 Linux is 2048 with its NUL
constexpr std::size_t kMaxKbsParamsBytes = 1024;
constexpr std::size_t kMaxHostDataBytes = 64 * 1024;
constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kMaxLabelKeyBytes = 63;
constexpr std::size_t kMaxLabelValueBytes = 255;
constexpr std::size_t kMaxIdempotencyKeyBytes = 64;
constexpr std::uint64_t kMinMemoryBytes = 64u << 20;
constexpr std::uint64_t kMemoryGranuleBytes = 2u << 20;

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

void checkIdempotencyKey(const std::string& key)
{
    if (key.size() > kMaxIdempotencyKeyBytes || key.find_first_not_of(kNameCharacters) != std::string::npos)
        throw InvalidArgument("must be at most 64 characters of [A-Za-z0-9._-]", "idempotency_key");
}

void checkLabels(const std::map<std::string, std::string>& labels)
{
    if (labels.size() > kMaxLabels)
        throw InvalidArgument("there are " + std::to_string(labels.size()) + ", more than 64", "labels");
    for (const auto& [key, value] : labels) {
        if (key.empty() || key.size() > kMaxLabelKeyBytes ||
            key.find_first_not_of(std::string(kNameCharacters) + "/") != std::string::npos)
            throw InvalidArgument("the key \"" + printable(key.substr(0, 80)) +
                                      "\" must be 1 to 63 characters of [A-Za-z0-9._/-]",
                                  "labels");
        if (value.size() > kMaxLabelValueBytes || printable(value) != value)
            throw InvalidArgument("the value of \"" + key + "\" must be at most 255 bytes of printable UTF-8",
                                  "labels");
    }
}

std::uint32_t chooseVcpus(const VmRequest& request, const settings::Settings& settings)
{
    const auto maxcpus = settings.number("qemu.smp.maxcpus");
    const auto limit = settings.number("vm.max_vcpus") == 0 ? maxcpus : settings.number("vm.max_vcpus");
    if (!request.vcpus)
        return static_cast<std::uint32_t>(settings.number("qemu.smp.count"));
    if (*request.vcpus == 0 || *request.vcpus > limit)
        throw InvalidArgument(std::to_string(*request.vcpus) + " is not from 1 to " + std::to_string(limit),
                              "vcpus", "the operator sets the limit with vm.max_vcpus");
    return *request.vcpus;
}

std::uint64_t chooseMemory(const VmRequest& request, const settings::Settings& settings)
{
    if (!request.memoryBytes)
        return settings.number("qemu.memory.size");
    const auto configured = settings.number("vm.max_memory");
    const auto limit = configured == 0 ? settings.number("qemu.memory.max") : configured;
    const auto asked = *request.memoryBytes;
    const std::string shown = formatSize(asked);
    if (asked > limit)
        throw InvalidArgument(shown + " is more than " + formatSize(limit), "memory_bytes",
                              "the operator sets the limit with vm.max_memory");
    if (asked < kMinMemoryBytes)
        throw InvalidArgument(shown + " is less than " + formatSize(kMinMemoryBytes), "memory_bytes");
    if (asked % kMemoryGranuleBytes != 0)
        throw InvalidArgument(shown + " is not a multiple of 2 MiB", "memory_bytes");
    return asked;
}

/// Opens without blocking on a FIFO, so that a request cannot hang the daemon on a path it chose.
void checkReadableFile(const std::string& path, const std::string& what, const std::string& hint)
{
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd)
        throw systemError(Category::FailedPrecondition,
                          "cannot open " + what + " \"" + printable(path) + "\"", errno, hint);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Error(Category::FailedPrecondition, what + " \"" + printable(path) + "\" is not a regular file",
                    hint);
}

/// A path a client chose: it must lie, symlinks resolved, inside a directory the operator opened for that.
std::string chooseImage(const std::string& asked, const char* field, const settings::Settings& settings)
{
    const auto dirs = settings.list("vm.image_dirs");
    if (dirs.empty())
        throw InvalidArgument("requests may not choose it here", field,
                              "the operator allows it with vm.image_dirs");
    if (asked.size() > 4096 || asked.front() != '/' || printable(asked) != asked)
        throw InvalidArgument("must be an absolute path of printable characters", field);
    std::error_code error;
    const auto real = std::filesystem::canonical(asked, error);
    for (const auto& dir : dirs) {
        std::error_code ignored;
        const auto root = std::filesystem::canonical(dir, ignored);
        if (error || ignored || root.empty())
            continue;
        if (std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end())
            return real.string();
    }
    // One answer for "does not exist" and "is elsewhere": a client must not be able to look around the host.
    throw InvalidArgument("\"" + asked + "\" is not a file in one of the image directories", field,
                          "the operator's vm.image_dirs names them");
}

void chooseBoot(VmSpec& spec, const VmRequest& request, const settings::Settings& settings)
{
    if (settings.flag("qemu.disk.enable")) {
        if (!request.kernel.empty() || !request.initrd.empty() || request.cmdline)
            throw InvalidArgument("VMs of this host boot from a disk", !request.kernel.empty()   ? "kernel"
                                                                       : !request.initrd.empty() ? "initrd"
                                                                                                 : "cmdline");
        if (!request.agent.aaKbsParams.empty())
            throw InvalidArgument("goes to the kernel's command line, but VMs of this host boot from a disk",
                                  std::string(request.names->aaKbsParams));
        checkReadableFile(settings.text("qemu.disk.source"), "disk image",
                          "set qemu.disk.source to an existing image");
        return;
    }
    spec.kernel = request.kernel.empty() ? settings.text("qemu.kernel.file")
                                         : chooseImage(request.kernel, "kernel", settings);
    spec.initrd = request.initrd.empty() ? settings.text("qemu.kernel.initrd")
                                         : chooseImage(request.initrd, "initrd", settings);
    checkReadableFile(spec.kernel, "kernel",
                      "set qemu.kernel.file (MANAGER_QEMU_DISK_IMG_KERNEL_FILE) to an existing kernel");
    if (!spec.initrd.empty())
        checkReadableFile(spec.initrd, "initrd",
                          "set qemu.kernel.initrd (MANAGER_QEMU_DISK_IMG_ROOTFS_FILE) to an existing file");
}

std::string chooseCmdline(const VmRequest& request, const settings::Settings& settings)
{
    if (!request.cmdline)
        return settings.text("qemu.kernel.cmdline");
    if (!settings.flag("vm.allow_cmdline"))
        throw InvalidArgument("requests may not choose it here", "cmdline",
                              "the operator allows it with vm.allow_cmdline");
    const bool ascii = std::all_of(request.cmdline->begin(), request.cmdline->end(),
                                   [](char c) { return c >= 0x20 && c < 0x7F; });
    if (!ascii)
        throw InvalidArgument("must be printable ASCII", "cmdline");
    return *request.cmdline;
}

/// Whether `c` may stand in a value on the kernel's command line: printable ASCII, which every URL is, but
/// no blank, which ends the parameter, and no quote or backslash, which parsers of the line read in their own
/// ways (lib/cmdline.c, next_arg, takes blanks between quotes into the value).
bool staysInOneParameter(char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\'' && c != '\\'; }

/// agent.aa_kbc_params=VALUE; the value, which holds URLs, must not start a kernel parameter of its own.
void appendKbsParams(std::string& cmdline, const VmRequest& request)
{
    const std::string& value = request.agent.aaKbsParams;
    const std::string field(request.names->aaKbsParams);
    if (value.empty())
        return;
    if (value.size() > kMaxKbsParamsBytes)
        throw InvalidArgument("is longer than 1024 bytes", field);
    if (!std::all_of(value.begin(), value.end(), staysInOneParameter))
        throw InvalidArgument(
            "contains white space, a quote, a backslash, a control character or one that is "
            "not ASCII, which could start a kernel parameter of its own",
            field, "write such a character in its percent-encoded form, as URLs do");
    cmdline += (cmdline.empty() ? "" : " ") + ("agent.aa_kbc_params=" + value);
}

void checkTtl(const VmRequest& request, const settings::Settings& settings)
{
    if (!request.ttl)
        return;
    const auto limit = settings.duration("vm.max_ttl");
    if (request.ttl->count() <= 0)
        throw InvalidArgument("must be more than 0", "ttl",
                              "leave it out for a VM that lives until it is removed");
    if (limit.count() > 0 && *request.ttl > limit)
        throw InvalidArgument("must be at most " + formatDuration(limit), "ttl",
                              "the operator sets the limit with vm.max_ttl");
}

std::uint32_t chooseRestarts(const VmRequest& request, const settings::Settings& settings)
{
    const auto limit = settings.number("vm.max_restarts");
    if (request.maxRestarts > limit)
        throw InvalidArgument("must be at most " + std::to_string(limit), "max_restarts",
                              "the operator sets the limit with vm.max_restarts");
    return request.maxRestarts;
}

/// Only an agent that dials a service may keep its port closed and be well: it opens it for a computation.
std::string chooseReady(const VmRequest& request, const settings::Settings& settings)
{
    const std::string wanted = request.ready.empty() ? settings.text("agent.ready") : request.ready;
    if (wanted == "auto")
        return request.agent.serverUrl.empty() ? "port" : "guest";
    if (wanted != "port" && wanted != "guest" && wanted != "none")
        throw InvalidArgument("must be auto, port, guest or none", "ready");
    return wanted;
}

} // namespace

ValidatedVm validate(const VmRequest& request, const settings::Settings& settings,
                     const std::optional<VmId>& id)
{
    ValidatedVm out;
    VmSpec& spec = out.spec;
    if (id)
        spec.id = *id;
    checkIdempotencyKey(request.idempotencyKey);
    checkLabels(request.labels);
    checkTtl(request, settings);
    spec.vcpus = chooseVcpus(request, settings);
    spec.maxVcpus = std::max(spec.vcpus, static_cast<std::uint32_t>(settings.number("qemu.smp.maxcpus")));
    spec.memoryBytes = chooseMemory(request, settings);
    spec.cmdline = chooseCmdline(request, settings);
    appendKbsParams(spec.cmdline, request);
    if (spec.cmdline.size() > kMaxCmdlineBytes)
        throw InvalidArgument("the kernel command line would have " + std::to_string(spec.cmdline.size()) +
                                  " bytes, more than the kernel's 2047",
                              request.cmdline ? "cmdline" : std::string(request.names->aaKbsParams));
    out.secrets = agentFiles(spec.id, request);
    if (request.hostData.size() > kMaxHostDataBytes)
        throw InvalidArgument("is longer than " + formatSize(kMaxHostDataBytes), "host_data");
    spec.hostData = request.hostData;
    spec.ttl = request.ttl;
    spec.labels = request.labels;
    spec.maxRestarts = chooseRestarts(request, settings);
    spec.ready = chooseReady(request, settings);
    spec.endOnBootTimeout = request.endOnBootTimeout.value_or(settings.text("vm.on_boot_timeout") == "end");
    spec.idempotencyKey = request.idempotencyKey;
    spec.fingerprint = request.fingerprint;
    chooseBoot(spec, request, settings);
    return out;
}

} // namespace teehost::launch
