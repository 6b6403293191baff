// SPDX-License-Identifier: Apache-2.0
#include "tdx/measure/acpi_tables.h"

#include "tdx/measure/acpi_blob.h"

namespace teehost::tdx {

std::string_view nameOf(AcpiOrigin origin) noexcept
{
    switch (origin) {
    case AcpiOrigin::Computed:
        return "computed";
    case AcpiOrigin::File:
        return "file";
    case AcpiOrigin::Log:
        break;
    }
    return "log";
}

AcpiTables AcpiTables::of(kit::ByteView tables, kit::ByteView rsdp, kit::ByteView loader, AcpiOrigin origin,
                          std::string source)
{
    AcpiTables out;
    out.tables = kit::sha384(tables);
    out.rsdp = rsdp.empty() ? kit::sha384(deriveRsdp(tables)) : kit::sha384(rsdp);
    out.loader = loader.empty() ? kit::sha384(deriveLoader(tables)) : kit::sha384(loader);
    out.origin = origin;
    out.source = std::move(source);
    return out;
}

} // namespace teehost::tdx
