// SPDX-License-Identifier: Apache-2.0
//
// The launching side of the plugin: is a software TPM possible here, and what does a VM with one consist of?
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "attest_vtpm.h"
#include "predict/firmware_cache.h"

namespace teehost::vtpm {
namespace {

/// As the host looks for a sidecar's program.
bool isInPath(const std::string& program)
{
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        if (!folder.empty() && ::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0)
            return true;
        rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    }
    return false;
}

void checkPrograms(const SwtpmTerms& terms, sdk::Checks out)
{
    for (const std::string& program : {terms.swtpm, terms.setup})
        if (!isInPath(program))
            return out.fail("swtpm.programs", program + " is not in PATH",
                            "install the packages swtpm and swtpm-tools");
    if (::access(terms.localca.c_str(), X_OK) != 0)
        return out.fail("swtpm.programs", terms.localca + " cannot be run",
                        "install the package swtpm-tools");
    out.pass("swtpm.programs", "swtpm, swtpm_setup and swtpm_localca are there");
}

void checkDirectory(const std::string& directory, sdk::Checks out)
{
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0)
        return out.fail("swtpm.ca_dir",
                        "cannot look at \"" + directory + "\": " + std::generic_category().message(errno),
                        "make it, mode 0700, for the user QEMU runs as; or set attest-vtpm.ca_dir");
    if (!S_ISDIR(status.st_mode))
        return out.fail("swtpm.ca_dir", "\"" + directory + "\" is not a directory",
                        "set attest-vtpm.ca_dir to one");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return out.fail("swtpm.ca_dir",
                        "\"" + directory + "\" is open to group or others, and keys are kept in it",
                        "chmod 0700 \"" + directory + "\"");
    out.pass("swtpm.ca_dir", "\"" + directory + "\" is there");
}

} // namespace

AttestVtpm::AttestVtpm(sdk::Call call)
    : providesSwtpm_(call.text("provider") == "swtpm"), firmware_(std::make_unique<FirmwareCache>())
{
    swtpm_.caDirectory = call.text("ca_dir");
    swtpm_.banks = call.text("banks");
    swtpm_.device = call.text("device");
    if (swtpm_.banks.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789,") != std::string::npos ||
        swtpm_.banks.empty())
        throw sdk::Error(TH_INVALID_ARGUMENT,
                         "option attest-vtpm.banks must be names of digests, separated by commas", {},
                         "attest-vtpm.banks");
}

AttestVtpm::~AttestVtpm() = default;

void AttestVtpm::probe(sdk::Call, const sdk::ProbeRequest&, sdk::Checks out)
{
    if (!providesSwtpm_) {
        out.pass("swtpm.programs", "not needed: VMs bring their own TPM");
        out.pass("swtpm.ca_dir", "not needed: VMs bring their own TPM");
        return;
    }
    checkPrograms(swtpm_, out);
    checkDirectory(swtpm_.caDirectory, out);
}

void AttestVtpm::compose(sdk::Call, const sdk::Vm& vm, sdk::Fragment out)
{
    if (tpmOf(vm) == Tpm::Swtpm)
        composeSwtpm(swtpm_, vm, out);
}

AttestVtpm::Tpm AttestVtpm::tpmOf(const sdk::Vm& vm) const
{
    if (vm.confidential()) // a TPM that the host can read would weaken it
        return vm.igvm().empty() ? Tpm::None : Tpm::Svsm;
    return providesSwtpm_ ? Tpm::Swtpm : Tpm::None;
}

} // namespace teehost::vtpm
