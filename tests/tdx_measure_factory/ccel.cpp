// SPDX-License-Identifier: Apache-2.0
#include "tdx_measure_factory/ccel.h"

#include <teehost/kit/digest.h>

#include "boot_factory/writer.h"

namespace teehost::tdx_factory {
namespace {

using boot_factory::Writer;
using namespace std::literals;

std::string wide(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        out += c;
        out += '\0';
    }
    return out;
}

std::string variable(std::string_view name)
{
    Writer out;
    out.padTo(16, 0x61).number(name.size(), 8).number(0, 8).add(kit::viewOf(wide(name)));
    return std::string(kit::textOf(out.take()));
}

kit::Bytes records(const CcelBuilder& from)
{
    Writer header;
    header.add(kit::viewOf("Spec ID Event03\0"sv)).number(0, 4).number(0x02000200, 4).number(1, 4);
    header.number(0xC, 2).number(48, 2).number(0, 1);
    Writer out;
    out.number(1, 4).number(3, 4).padTo(28, 0).number(header.size(), 4).add(header.take());
    for (const LoggedEvent& event : from.events) {
        out.number(event.reg, 4).number(event.type, 4).number(1, 4).number(from.algorithm, 2);
        out.add(kit::sha384(kit::viewOf(event.measured))).number(event.data.size(), 4);
        out.add(kit::viewOf(event.data));
    }
    return out.take();
}

} // namespace

std::vector<LoggedEvent> directBoot(const std::string& command_line)
{
    const std::string separator(4, '\0');
    std::vector<LoggedEvent> out{{1, 0x8000'000B, "TD HOB", "\x09TdxTable\0"s + std::string(32, '\0')},
                                 {1, 0x8000'000A, "CFV",
                                  "\x03"
                                  "CFV" +
                                      std::string(16, '\1')}};
    for (const char* name : {"SecureBoot", "PK", "KEK", "db", "dbx"})
        out.push_back({1, 0x8000'0001, variable(name), variable(name)});
    out.push_back({1, 0x4, separator, separator});
    for (const char* file : {"loader", "rsdp", "tables"})
        out.push_back({1, 0xA, file, "ACPI DATA"});
    out.push_back({2, 0x8000'0003, "kernel", std::string(32, '\2')});
    out.push_back({1, 0x8000'0002, "\0\0"s, variable("BootOrder")});
    out.push_back({1, 0x8000'0002, "UiApp", variable("Boot0000")});
    const std::string action = "Calling EFI Application from Boot Option";
    out.push_back({2, 0x8000'0007, action, action});
    out.push_back({1, 0x4, separator, separator});
    out.push_back({3, 0x6, wide(command_line + " initrd=initrd"s + "\0"s), "\xED\x22;\x8F\x04\0\0\0line"s});
    out.push_back({3, 0x6, "initrd", "\xEC\x22;\x8F\x06\0\0\0initrd"s});
    for (const std::string text :
         {"Exit Boot Services Invocation", "Exit Boot Services Returned with Success"})
        out.push_back({2, 0x8000'0007, text, text});
    return out;
}

kit::Bytes CcelBuilder::build() const
{
    Writer out;
    out.add(records(*this)).padTo(size, fill);
    return out.take();
}

std::size_t CcelBuilder::used() const { return records(*this).size(); }

} // namespace teehost::tdx_factory
