// SPDX-License-Identifier: Apache-2.0
//
// teehost-plugin-check: holds a plugin to the contract before an operator does. Exit status 0: nothing was
// found.
//
//     teehost-plugin-check ./my-plugin.so --set my-plugin.greeting=hello --vm kernel=/boot/vmlinuz
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "conformance.h"
#include "host/base/error.h"

namespace {

using teehost::check::Subject;

constexpr const char* kUsage =
    "usage: teehost-plugin-check [--set KEY=VALUE]... [--vm FACT=VALUE]... PLUGIN.so\n"
    "  --set KEY=VALUE   an option of the plugin, with its full key\n"
    "  --vm FACT=VALUE   of the VM to compose and measure: firmware_code, firmware_vars, igvm, kernel, "
    "initrd,\n"
    "                    cmdline, cpu, machine\n";

std::pair<std::string, std::string> splitPair(const std::string& text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
        throw teehost::InvalidArgument("\"" + text + "\" is not NAME=VALUE");
    return {text.substr(0, equals), text.substr(equals + 1)};
}

void setFact(teehost::plugin::VmFacts& vm, const std::string& name, const std::string& value)
{
    const std::vector<std::pair<const char*, std::string*>> facts{{"firmware_code", &vm.firmwareCode},
                                                                  {"firmware_vars", &vm.firmwareVarsSource},
                                                                  {"igvm", &vm.igvm},
                                                                  {"kernel", &vm.kernel},
                                                                  {"initrd", &vm.initrd},
                                                                  {"cmdline", &vm.cmdline},
                                                                  {"cpu", &vm.cpu},
                                                                  {"machine", &vm.machine}};
    for (const auto& [fact, member] : facts) {
        if (name == fact) {
            *member = value;
            return;
        }
    }
    throw teehost::InvalidArgument("\"" + name + "\" is no fact of a VM");
}

teehost::plugin::VmFacts defaultVm()
{
    teehost::plugin::VmFacts vm;
    vm.vmId = "00000000-0000-4000-8000-000000000001";
    vm.runDir = "/run/teehost/vms/" + vm.vmId;
    vm.vcpus = 2;
    vm.maxVcpus = 4;
    vm.memoryBytes = 1u << 30;
    vm.qemuBinary = "qemu-system-x86_64";
    vm.accel = "kvm";
    vm.machine = "q35";
    vm.cpu = "EPYC";
    vm.kernel = "/boot/vmlinuz";
    vm.cmdline = "console=ttyS0";
    return vm;
}

Subject readArguments(int argc, char** argv)
{
    Subject subject;
    subject.vm = defaultVm();
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if ((argument == "--set" || argument == "--vm") && i + 1 < argc) {
            const auto [name, value] = splitPair(argv[++i]);
            if (argument == "--set")
                subject.options[name] = value;
            else
                setFact(subject.vm, name, value);
        } else if (argument.starts_with("-") || !subject.path.empty()) {
            throw teehost::InvalidArgument("\"" + argument + "\" is not understood");
        } else {
            subject.path = std::filesystem::canonical(argument).string();
        }
    }
    if (subject.path.empty())
        throw teehost::InvalidArgument("no plugin is named");
    if (!subject.vm.firmwareVarsSource.empty())
        subject.vm.firmwareVars = subject.vm.runDir + "/vars.fd";
    return subject;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        const Subject subject = readArguments(argc, argv);
        // Our own output: stdout itself is watched while the plugin runs.
        std::FILE* out = ::fdopen(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "w");
        teehost::check::Report report(out);
        teehost::check::checkConformance(subject, report);
        std::fprintf(out, report.failures() == 0 ? "%s conforms\n" : "%s does not conform\n",
                     subject.path.c_str());
        std::fclose(out);
        return report.failures() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "teehost-plugin-check: %s\n%s", teehost::describe(e).c_str(), kUsage);
        return 2;
    }
}
