// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/load_options.h"

#include <algorithm>

#include "teehost/kit/utf16.h"

namespace teehost::kit {

std::optional<std::string> notPlainCmdline(std::string_view cmdline)
{
    // UTF-16 would be made of each byte beyond ASCII on its own.
    const auto odd = std::find_if(cmdline.begin(), cmdline.end(),
                                  [](char c) { return c == '\0' || static_cast<unsigned char>(c) >= 0x80; });
    if (odd != cmdline.end())
        return "the kernel command line has a character beyond ASCII, or NUL, at position " +
               std::to_string(odd - cmdline.begin());
    return std::nullopt;
}

std::optional<std::string> unpredictableCmdline(std::string_view cmdline)
{
    if (auto odd = notPlainCmdline(cmdline))
        return odd;
    // strstr() in x86_load_linux, hw/i386/x86.c of QEMU: wherever it stands.
    if (cmdline.find("vga=") != std::string_view::npos)
        return "the kernel command line has \"vga=\", which QEMU writes into the kernel's header too";
    return std::nullopt;
}

Bytes loadOptions(std::string_view cmdline, bool initrd, LoadOptionsForm form)
{
    std::string text(cmdline);
    if (initrd)
        text = form == LoadOptionsForm::InitrdLast ? text + " initrd=initrd" : "initrd=initrd " + text;
    if (text.empty())
        return {};
    Bytes out = utf16Of(text);
    out.insert(out.end(), 2, 0);
    return out;
}

} // namespace teehost::kit
