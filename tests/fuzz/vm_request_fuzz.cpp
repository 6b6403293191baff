// SPDX-License-Identifier: Apache-2.0
//
// A client's request, whatever is in it: refused without showing a secret, or a VM within the operator's
// bounds. Input: whether the operator allows images and command lines, then the request's fields.
#include <algorithm>

#include "guest/agent/kernel_parameters.h"
#include "host/launch/vm_spec.h"
#include "tests/fuzz/input.h"
#include "tests/unit/launch/settings_fixture.h"

namespace {

using namespace teehost;
using fuzz::require;
using namespace std::string_view_literals;

constexpr auto kNameBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"sv;
constexpr auto kCanary = "c4n4ry-of-a-secret"sv;
constexpr std::uint64_t kMaxMemory = 8ull << 30;
constexpr std::uint32_t kMaxVcpus = 16;

/// A host with two images that clients may choose, and things beside them that they may not.
class Host {
public:
    Host()
    {
        namespace fs = std::filesystem;
        fs::create_directory(dir_.path() / "images");
        dir_.write("images/bzImage", "kernel");
        dir_.write("images/rootfs", "initrd");
        dir_.write("secret", "of the host");
        fs::create_symlink("../secret", dir_.path() / "images/link");
        fs::create_directory(dir_.path() / "images/folder");
        images_ = fs::canonical(dir_.path() / "images").string();
    }

    [[nodiscard]] settings::Settings settings(bool open) const
    {
        if (!open)
            return launch::hostSettings(dir_);
        return launch::hostSettings(dir_, {"vm.image_dirs=" + images_, "vm.allow_cmdline=true",
                                           "vm.max_memory=8G", "vm.max_vcpus=16", "vm.max_ttl=24h"});
    }
    [[nodiscard]] const std::string& images() const noexcept { return images_; }

private:
    launch::ScratchDir dir_;
    std::string images_;
};

launch::VmRequest readRequest(fuzz::Input& in, const std::string& images)
{
    launch::VmRequest request;
    const auto has = in.text(); // a letter for each optional field that is there
    const auto given = [&](char letter) { return has.find(letter) != std::string::npos; };
    if (given('v'))
        request.vcpus = static_cast<std::uint32_t>(in.number());
    if (given('m'))
        request.memoryBytes = in.number() << (given('M') ? 20 : 0);
    if (given('t'))
        request.ttl = std::chrono::nanoseconds(static_cast<std::int64_t>(in.number()));
    if (given('c'))
        request.cmdline = in.text();
    // '@' stands for the directory of images, whose name no seed can know.
    const auto path = [&] {
        const auto text = in.text();
        return text.starts_with('@') ? images + text.substr(1) : text;
    };
    request.kernel = path();
    request.initrd = path();
    request.idempotencyKey = in.text();
    request.agent.aaKbsParams = in.text();
    request.agent.logLevel = in.text();
    const auto secret = in.text();
    request.agent.awsSecretAccessKey = Secret(secret.empty() ? secret : std::string(kCanary) + secret);
    while (!in.empty()) {
        const auto key = in.text();
        request.labels[key] = in.text();
    }
    return request;
}

bool isPrintableAscii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

void bootsWhatWasAllowed(const launch::VmSpec& spec, const launch::VmRequest& request, const Host& host,
                         bool open)
{
    namespace fs = std::filesystem;
    require(fs::is_regular_file(spec.kernel) && fs::is_regular_file(spec.initrd), "a VM boots from files");
    require(open || (request.kernel.empty() && request.initrd.empty() && !request.cmdline),
            "what the operator does not allow is refused, not ignored");
    const auto inside = [&](const std::string& path) {
        return fs::canonical(path).string().starts_with(host.images() + "/");
    };
    require(request.kernel.empty() || inside(spec.kernel), "a kernel lies in the directory of images");
    require(request.initrd.empty() || inside(spec.initrd), "an initrd lies in the directory of images");
}

void commandLine(const launch::VmSpec& spec, const launch::VmRequest& request)
{
    require(spec.cmdline.size() <= 2047, "a command line fits the kernel's buffer");
    require(isPrintableAscii(spec.cmdline), "a command line is printable ASCII");
    const std::string& kbs = request.agent.aaKbsParams;
    const std::string appended = kbs.empty() ? "" : "agent.aa_kbc_params=" + kbs;
    require(spec.cmdline.ends_with(appended), "the parameters of the KBS come last");
    const auto base = spec.cmdline.substr(0, spec.cmdline.size() - appended.size());
    require(!request.cmdline || appended.empty() || request.cmdline->empty() ||
                base == *request.cmdline + " ",
            "before them stands what was asked for");
    require(appended.find_first_of(" \t\n\"'\\") == std::string::npos, "they are one word");
    // An open quote would take them in; only who may choose the command line can leave one.
    if (std::count(base.begin(), base.end(), '"') % 2 == 0)
        require(guest::parseKernelParameters(spec.cmdline).problems ==
                    guest::parseKernelParameters(base).problems,
                "they say nothing to the guest's own parser");
}

void withinBounds(const launch::VmSpec& spec, const launch::VmRequest& request, bool open)
{
    require(spec.vcpus >= 1 && spec.vcpus <= spec.maxVcpus, "a VM has vCPUs");
    require(!request.vcpus || spec.vcpus == *request.vcpus, "as many as were asked for");
    require(!open || spec.vcpus <= kMaxVcpus, "at most what the operator allows");
    require(spec.memoryBytes >= 64u << 20 && spec.memoryBytes % (2u << 20) == 0,
            "memory comes in pieces of 2 MiB");
    require(!request.memoryBytes || spec.memoryBytes == *request.memoryBytes, "as much as was asked for");
    require(!open || spec.memoryBytes <= kMaxMemory, "at most what the operator allows");
    require(!spec.ttl || (spec.ttl->count() > 0 && *spec.ttl <= std::chrono::hours(720)),
            "a VM's time is bounded");
    require(spec.ttl == request.ttl, "a TTL is what was asked for");
}

void names(const launch::VmSpec& spec)
{
    require(spec.idempotencyKey.size() <= 64 &&
                spec.idempotencyKey.find_first_not_of(kNameBytes) == std::string::npos,
            "an idempotency key is a name");
    require(spec.labels.size() <= 64, "labels are few");
    for (const auto& [key, value] : spec.labels) {
        require(!key.empty() && key.size() <= 63, "a label's key is short");
        require(key.find_first_not_of(std::string(kNameBytes) + "/") == std::string::npos,
                "a label's key is a name");
        require(value.size() <= 255, "a label's value is short");
        fuzz::requirePrintable(value, "a label's value is printable");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Host host;
    static const settings::Settings closedSettings = host.settings(false), openSettings = host.settings(true);
    fuzz::Input in(data, size);
    const bool spelled = in.rest().find(kCanary) != std::string_view::npos;
    const bool open = in.flag();
    const auto request = readRequest(in, host.images());
    try {
        const auto vm = launch::validate(request, open ? openSettings : closedSettings);
        bootsWhatWasAllowed(vm.spec, request, host, open);
        commandLine(vm.spec, request);
        withinBounds(vm.spec, request, open);
        names(vm.spec);
    } catch (const Error& error) {
        require(error.category() == Category::InvalidArgument ||
                    error.category() == Category::FailedPrecondition,
                "a request is refused as wrong, or as not possible on this host");
        fuzz::requirePrintable(describe(error), "a refusal is one printable line");
        require(spelled || describe(error).find(kCanary) == std::string::npos, "a refusal shows no secret");
    }
    return 0;
}
