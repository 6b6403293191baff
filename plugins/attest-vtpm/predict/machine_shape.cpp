// SPDX-License-Identifier: Apache-2.0
#include "predict/machine_shape.h"

namespace teehost::vtpm {

std::string_view nameOf(CpuVendor vendor) noexcept
{
    return vendor == CpuVendor::Amd ? "AuthenticAMD" : "GenuineIntel";
}

std::optional<CpuVendor> vendorNamed(std::string_view name) noexcept
{
    for (const CpuVendor vendor : {CpuVendor::Amd, CpuVendor::Intel})
        if (name == nameOf(vendor))
            return vendor;
    return std::nullopt;
}

std::string toText(const MachineShape& shape)
{
    return std::string(nameOf(shape.board)) + ", " + std::to_string(shape.memoryBytes >> 20) + " MiB, " +
           std::to_string(shape.vcpus) + " of " + std::to_string(shape.maxVcpus) + " vCPUs, " +
           std::string(nameOf(shape.vendor)) + " with " + std::to_string(shape.physicalAddressBits) +
           " address bits" +
           (shape.hotplugBytes == 0
                ? ""
                : ", room for " + std::to_string(shape.hotplugBytes >> 20) + " MiB more") +
           (shape.smm ? "" : ", no SMM");
}

} // namespace teehost::vtpm
