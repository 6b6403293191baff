// SPDX-License-Identifier: Apache-2.0
#include "provide/swtpm.h"

#include <chrono>
#include <vector>

#include <teehost/kit/bytes.h>

namespace teehost::vtpm {
namespace {

using std::chrono_literals::operator""s;

constexpr std::size_t kMaxSocketPath = 107; // sockaddr_un without its NUL, unix(7)
// Making an RSA endorsement key takes from a tenth of a second to several; the first VM makes the authority's
// keys as well.
constexpr auto kSetupLimit = 60s, kStartLimit = 10s;

constexpr std::string_view kSetupConf = "swtpm_setup.conf";
constexpr std::string_view kLocalcaConf = "swtpm-localca.conf";
constexpr std::string_view kLocalcaOptions = "swtpm-localca.options";

std::string in(const std::string& directory, std::string_view name)
{
    return directory + "/" + std::string(name);
}

void addFile(const sdk::Fragment& out, std::string_view name, const std::string& text)
{
    out.file({.name = name, .content = kit::viewOf(text)});
}

/// Configuration of our own: the system's names an authority that others share.
void addConfiguration(const SwtpmTerms& terms, const std::string& run, const sdk::Fragment& out)
{
    addFile(out, kSetupConf,
            "create_certs_tool = " + terms.localca + "\n" +                        //
                "create_certs_tool_config = " + in(run, kLocalcaConf) + "\n" +     //
                "create_certs_tool_options = " + in(run, kLocalcaOptions) + "\n" + //
                "active_pcr_banks = " + terms.banks + "\n");
    const std::string& ca = terms.caDirectory;
    addFile(out, kLocalcaConf,
            "statedir = " + ca + "\n" +                            //
                "signingkey = " + in(ca, "signkey.pem") + "\n" +   //
                "issuercert = " + issuerCertificateOf(ca) + "\n" + //
                "certserial = " + in(ca, "certserial") + "\n");
    addFile(out, kLocalcaOptions,
            "--platform-manufacturer teehost\n--platform-version 1\n--platform-model vm\n");
}

void addSetup(const SwtpmTerms& terms, const sdk::Vm& vm, const std::string& run, const sdk::Fragment& out)
{
    const std::string state = "dir://" + run, config = in(run, kSetupConf);
    // A VM that is launched again keeps its TPM.
    const sdk::Strings argv{terms.setup,    "--tpm2",         "--tpmstate",       state,
                            "--config",     config,           "--create-ek-cert", "--create-platform-cert",
                            "--lock-nvram", "--pcr-banks",    terms.banks,        "--vmid",
                            vm.vmId(),      "--not-overwrite"};
    out.sidecar({.name = "swtpm-setup",
                 .argv = argv,
                 .env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}},
                 .ready = TH_READY_EXIT_0,
                 .readyTimeout = kSetupLimit,
                 .flags = TH_SIDECAR_AHEAD}); // the state holds no path
}

void addProcess(const SwtpmTerms& terms, const std::string& run, const std::string& socket,
                const sdk::Fragment& out)
{
    const std::string state = "dir=" + run + ",mode=0600",
                      control = "type=unixio,path=" + socket + ",mode=0600";
    const sdk::Strings argv{terms.swtpm, "socket", "--tpm2",      "--tpmstate", state,
                            "--ctrl",    control,  "--terminate", "--seccomp",  "action=kill"};
    // Its readiness is the socket's being there: --terminate would take a connection that is tried out and
    // closed for QEMU's end.
    out.sidecar({.name = "swtpm",
                 .argv = argv,
                 .env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}},
                 .ready = TH_READY_PATH_EXISTS,
                 .readyPath = socket,
                 .readyTimeout = kStartLimit});
}

} // namespace

std::string rootCertificateOf(const std::string& directory)
{
    return in(directory, "swtpm-localca-rootca-cert.pem");
}
std::string issuerCertificateOf(const std::string& directory) { return in(directory, "issuercert.pem"); }

void composeSwtpm(const SwtpmTerms& terms, const sdk::Vm& vm, const sdk::Fragment& out)
{
    const std::string run(vm.runDir());
    const std::string socket = in(run, "swtpm.sock");
    if (vm.machine().starts_with("microvm"))
        throw sdk::Error(TH_FAILED_PRECONDITION, "the machine type microvm has no TPM device",
                         "set qemu.machine to q35 or pc", "qemu.machine");
    if (socket.size() > kMaxSocketPath)
        throw sdk::Error(TH_FAILED_PRECONDITION,
                         "the path \"" + socket + "\" is too long for a socket (" +
                             std::to_string(kMaxSocketPath) + " bytes)",
                         "set runtime.dir to a shorter path", "runtime.dir");
    addConfiguration(terms, run, out);
    addSetup(terms, vm, run, out);
    addProcess(terms, run, socket, out);
    out.item("chardev", "socket", "chrtpm0", {{"path", socket}});
    out.item("tpmdev", "emulator", "tpm0", {{"chardev", "chrtpm0"}});
    out.device(terms.device, "", {{"tpmdev", "tpm0"}});
    out.note("vtpm.rooted_in", "host");
}

} // namespace teehost::vtpm
