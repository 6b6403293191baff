// SPDX-License-Identifier: Apache-2.0
#include "host/launch/stand_in_files.h"

#include <array>
#include <filesystem>
#include <optional>

#include <unistd.h>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/launch/spawn.h"

namespace teehost::launch {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCode = "ovmf.code.file";
constexpr const char* kVars = "ovmf.vars.file";
constexpr const char* kIgvmMeasure = "attest.igvmmeasure_binary";

bool isFile(const std::string& path)
{
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::uintmax_t sizeOf(const std::string& path)
{
    std::error_code ignored;
    const auto size = fs::file_size(path, ignored);
    return ignored ? 0 : size;
}

std::string written(const settings::Settings& settings, const std::string& key)
{
    const auto* effective = settings.find(key);
    return effective == nullptr ? key
                                : key + "=" + printable(settings.text(key)) + " (" + effective->source + ")";
}

void replace(settings::Settings& settings, const std::string& key, const std::string& path)
{
    const auto* spec = settings.table().find(key);
    const auto* effective = settings.find(key);
    settings.set(*spec, {path, path, effective == nullptr ? "default" : effective->source});
}

/// OVMF is built for flash of 1, 2 or 4 MiB, which its two files share (edk2,
/// OvmfPkg/OvmfPkgDefines.fdf.inc). Absent for files of other sizes, of which nothing is known.
std::optional<unsigned> flashMiB(std::uintmax_t code, std::uintmax_t vars)
{
    struct Layout {
        unsigned mib;
        std::uintmax_t code, vars;
    };
    static constexpr Layout kLayouts[] = {
        {1, 0xE0000, 0x20000}, {2, 0x1E0000, 0x20000}, {4, 0x37C000, 0x84000}};
    for (const auto& layout : kLayouts)
        if ((code == 0 || code == layout.code) && (vars == 0 || vars == layout.vars))
            return layout.mib;
    return std::nullopt;
}

bool isKnownSize(std::uintmax_t code, std::uintmax_t vars)
{
    return code != 0 ? flashMiB(code, 0).has_value() : flashMiB(0, vars).has_value();
}

bool fit(const std::string& code, const std::string& vars)
{
    const auto codeBytes = sizeOf(code);
    const auto varsBytes = sizeOf(vars);
    return !isKnownSize(codeBytes, 0) || !isKnownSize(0, varsBytes) || flashMiB(codeBytes, varsBytes);
}

/// Secure Boot and enrolled keys are a decision that another build would undo.
bool isSpecial(const std::string& path)
{
    const auto name = lowerCase(fs::path(path).filename().string());
    for (const char* word : {"secboot", "secure", ".ms.", "snakeoil", "smm"})
        if (name.find(word) != std::string::npos)
            return true;
    return false;
}

/// Whether another file may take the place of this one: it is missing where distributions put firmware. A
/// path of the operator's own is a choice.
bool isReplaceable(const std::string& path)
{
    return isFile(path) || path.starts_with("/usr/share/") || path.starts_with("/usr/lib");
}

std::optional<FirmwarePair> choosePair(const std::string& code, const std::string& vars,
                                       std::span<const FirmwarePair> known)
{
    for (const auto& pair : known) {
        if (!isFile(pair.code) || !isFile(pair.vars))
            continue;
        if (isFile(code) && (pair.code == code || sizeOf(pair.code) == sizeOf(code)))
            return FirmwarePair{code, pair.vars};
        if (isFile(vars) && (pair.vars == vars || sizeOf(pair.vars) == sizeOf(vars)))
            return FirmwarePair{pair.code, vars};
        if (!isFile(code) && !isFile(vars))
            return pair;
    }
    return std::nullopt;
}

bool isRaw(const settings::Settings& settings)
{
    return settings.text("ovmf.code.format") == "raw" && settings.text("ovmf.vars.format") == "raw";
}

void warnOfMissing(const settings::Settings& settings, settings::Findings& findings, const char* key)
{
    findings.warn(
        written(settings, key) +
        " does not exist, and no firmware of this host takes its place; install the package ovmf, or set "
        "ovmf.code.file and ovmf.vars.file to files that fit each other");
}

void lookAtIgvmMeasure(settings::Settings& settings, settings::Findings& findings)
{
    const auto path = settings.text(kIgvmMeasure);
    if (path.empty())
        return;
    const std::string said = written(settings, kIgvmMeasure);
    const auto inside = (fs::path(path) / "igvmmeasure").string();
    if (isFile(path) && ::access(path.c_str(), X_OK) == 0)
        return;
    if (isFile(inside) && ::access(inside.c_str(), X_OK) == 0) {
        findings.warn(said + " is a directory; its igvmmeasure is used");
        return replace(settings, kIgvmMeasure, inside);
    }
    findings.warn(said + " is not a program; IGVM files are measured once, by the backend itself");
    replace(settings, kIgvmMeasure, {});
}

/// Files of plugins, which only they can judge: one that is missing may cost this host its TEE.
void lookAtFilesOfPlugins(const settings::Settings& settings, settings::Findings& findings)
{
    for (const auto& spec : settings.table().all()) {
        const auto* effective = settings.find(spec.key);
        if (spec.type != settings::OptionType::Path || !spec.key.ends_with("_file") || effective == nullptr ||
            effective->source == "default")
            continue;
        const auto path = settings.text(spec.key);
        std::error_code ignored;
        if (path.starts_with('/') && !fs::exists(path, ignored))
            findings.warn(
                written(settings, spec.key) +
                " does not exist; a backend that needs it cannot be used, or leaves the choice to another");
    }
}

void lookForProgram(const std::string& name, const char* key, settings::Findings& findings)
{
    try {
        static_cast<void>(findProgram(name, key));
    } catch (const Error& error) {
        findings.warn(describe(error) + "; until then no VM can be created");
    }
}

} // namespace

std::span<const FirmwarePair> knownFirmware()
{
    static const std::array kKnown{
        // Debian and Ubuntu; the PCRs of the first can be computed, and later releases have only that one.
        FirmwarePair{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
        FirmwarePair{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
        FirmwarePair{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},     // Fedora
        FirmwarePair{"/usr/share/edk2/x64/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_VARS.fd"},       // Arch
        FirmwarePair{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"}, // Arch
        FirmwarePair{"/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"}}; // SUSE
    return kKnown;
}

void standInForFirmware(settings::Settings& settings, settings::Findings& findings,
                        std::span<const FirmwarePair> known)
{
    const auto code = settings.text(kCode);
    const auto vars = settings.text(kVars);
    if (code.empty() || code == "none" || findings.refused(kCode) || findings.refused(kVars))
        return;
    if (isFile(code) && isFile(vars)) {
        if (isRaw(settings) && !fit(code, vars))
            findings.refuse(
                Error(Category::FailedPrecondition,
                      written(settings, kVars) + " was not built with " + written(settings, kCode) +
                          ": their sizes are of different builds of OVMF",
                      "set both to files of one build, such as OVMF_CODE_4M.fd and OVMF_VARS_4M.fd"),
                kVars);
        return;
    }
    const auto* codeSetting = settings.find(kCode);
    const auto* varsSetting = settings.find(kVars);
    // Leaves it to the backend to say whether it needs firmware, when no option speaks of it.
    if (codeSetting->source == "default" && varsSetting->source == "default" &&
        !choosePair(code, vars, known))
        return;
    const bool fixed = isSpecial(code) || isSpecial(vars) || !isReplaceable(code) || !isReplaceable(vars);
    const auto pair = fixed || !isRaw(settings) ? std::nullopt : choosePair(code, vars, known);
    if (!pair)
        return warnOfMissing(settings, findings, isFile(code) ? kVars : kCode);
    for (const auto& [key, path, stand] :
         {std::tuple(kCode, code, pair->code), std::tuple(kVars, vars, pair->vars)}) {
        if (path == stand)
            continue;
        findings.warn(written(settings, key) + " does not exist here; " + stand + " takes its place");
        replace(settings, key, stand);
    }
}

void lookAtFiles(settings::Settings& settings, settings::Findings& findings)
{
    lookAtIgvmMeasure(settings, findings);
    lookAtFilesOfPlugins(settings, findings);
    lookForProgram(settings.text("qemu.bin_path"), "qemu.bin_path", findings);
    if (settings.flag("qemu.use_sudo"))
        lookForProgram("sudo", "qemu.use_sudo", findings);
    const bool disk = settings.flag("qemu.disk.enable");
    for (const std::string key : {"qemu.kernel.file", "qemu.kernel.initrd", "qemu.disk.source"}) {
        const auto path = settings.text(key);
        // The defaults are for trying out; whoever keeps them has requests choose, or is told at the first
        // create.
        if (path.empty() || (key == "qemu.disk.source") != disk || findings.refused(key) ||
            settings.find(key)->source == "default")
            continue;
        if (!isFile(path) || ::access(path.c_str(), R_OK) != 0)
            findings.warn(written(settings, key) +
                          " cannot be read; until it can, only VMs whose request brings another are created");
    }
}

} // namespace teehost::launch
