// SPDX-License-Identifier: Apache-2.0
//
// The part of a VM's life that makes its files. Runs on the pool: it blocks.
#include "host/base/helper_process.h"
#include "host/base/text.h"
#include "host/launch/qemu_version.h"
#include "host/launch/spawn.h"
#include "host/vm/vm_life.h"

namespace teehost::vm {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kQemuImgLimit = 10min;

void makeDisk(const settings::Settings& settings, const launch::VmDirs& dirs)
{
    const auto target = dirs.paths().disk().string();
    dirs.copyFile(settings.text("qemu.disk.source"), target);
    const auto grown = runHelper(
        {"qemu-img", "resize", "-f", settings.text("qemu.disk.format"), target, "+1G"}, kQemuImgLimit);
    if (!grown.ok())
        throw Error(Category::FailedPrecondition,
                    "qemu-img could not grow the VM's disk: " + printable(trim(grown.output)),
                    "check qemu.disk.source and qemu.disk.format");
}

} // namespace

std::string VmLife::prepareFiles()
{
    const auto& settings = supervisor_.settings_;
    qemuVersion_ = launch::qemuVersion(launch::findProgram(supervisor_.facts_.qemuBinary, "qemu.bin_path"));
    auto& dirs = vm_->dirs.emplace(supervisor_.facts_.dirs, vm_->spec.id, supervisor_.facts_.account);
    writeShares(dirs);
    if (settings.flag("qemu.disk.enable"))
        makeDisk(settings, dirs);
    dirs.createLogs();
    const auto facts = launch::vmFacts(vm_->spec, dirs.paths(), planContext());
    const auto planned = plan();
    if (vm_->ahead)
        vm_->stepsMadeAhead = dirs.takeOver(vm_->ahead->dirs, vm_->ahead->results, planned.files);
    dirs.writePlanned(planned.files);
    for (const auto& fragment : fragments_)
        for (const auto& firmware : fragment.firmware)
            if (firmware.kind == plugin::Firmware::Kind::Vars && firmware.path == facts.firmwareVars)
                dirs.copyFile(facts.firmwareVarsSource, firmware.path);
    return planned.cpuModel;
}

void VmLife::writeShares(const launch::VmDirs& dirs)
{
    const auto& settings = supervisor_.settings_;
    dirs.writeShares(secrets_);
    secrets_ = {}; // from here on they are in the VM's directory only
    for (const auto& [key, share] :
         {std::pair<std::string, fs::path>("qemu.mounts.env", dirs.paths().envShare()),
          {"qemu.mounts.certs", dirs.paths().certsShare()}}) {
        const auto extra = settings.text(key);
        if (extra.empty())
            continue;
        dirs.copyExtras(extra, share);
        if (const auto left = launch::unsharable(extra); !left.empty())
            supervisor_.log_.warning(
                "files of a directory are not shared with the guest",
                {{"vm", vm_->spec.id.text()}, {key, extra}, {"left_out", join(left, ", ")}});
    }
}

} // namespace teehost::vm
