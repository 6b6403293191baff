// SPDX-License-Identifier: Apache-2.0
#include "tdx/operator_error.h"

#include <array>

namespace teehost::tdx {
namespace {

constexpr std::string_view kWholeImage =
    "set tdx.firmware to one flat OVMF image built for TDX (Debian: /usr/share/ovmf/OVMF.fd), not to half of "
    "a CODE and VARS pair";

constexpr std::string_view kWholeLog =
    "give the log as the guest has it, /sys/firmware/acpi/tables/data/CCEL";

constexpr std::array kRemedies{
    kit::Remedy{"TDVF_NO_FOOTER", kWholeImage},
    kit::Remedy{"TDVF_NO_METADATA", kWholeImage},
    kit::Remedy{"TDVF_RANGE", kWholeImage},
    kit::Remedy{"TDVF_",
                "the firmware's TDX metadata is damaged or of a kind that is not known: use another build"},
    kit::Remedy{"bad_firmware_profile", "docs/tdx.md lists the profiles"},
    kit::Remedy{"bad_initrd", "use a smaller one"},
    kit::Remedy{"log_malformed", kWholeLog},
    kit::Remedy{"replay_bank", kWholeLog},
    kit::Remedy{"bad_acpi_tables",
                "take the file anew, from /sys/firmware/qemu_fw_cfg/by_name/etc/acpi/tables/raw of "
                "a guest of the same shape, or empty tdx.acpi_tables"},
    kit::Remedy{"acpi_not_derivable",
                "take the files etc/acpi/rsdp and etc/table-loader too, or empty tdx.acpi_tables"},
    kit::Remedy{"bad_kernel", "set qemu.kernel.file to a bzImage"},
    kit::Remedy{"bad_pe", "set qemu.kernel.file to a kernel with an EFI stub (CONFIG_EFI_STUB)"},
    kit::Remedy{"bad_variable_store", "the firmware's variable store is damaged: use another build"},
};

} // namespace

const kit::OperatorErrors& operatorErrors() noexcept
{
    static constexpr kit::OperatorErrors kErrors{"tdx", kRemedies};
    return kErrors;
}

} // namespace teehost::tdx
