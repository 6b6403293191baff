// SPDX-License-Identifier: Apache-2.0
#include "tdx/acpi_machine.h"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include <teehost/kit/qemu_command_line.h>

namespace teehost::tdx {
namespace {

using kit::parseQemuOptions;
using kit::QemuOptions;
using kit::valueOf;

/// What becomes of an option of the command line.
enum class Fate {
    Keep,
    KeepAlone, ///< it has no value
    Drop,      ///< with its value: it is not of the machine's shape
    DropAlone, ///< it has no value
    Replace    ///< by replacementFor()
};

struct Rule {
    std::string_view option;
    Fate fate;
};
constexpr std::array kRules{
    Rule{"-nodefaults", Fate::KeepAlone},
    Rule{"-no-user-config", Fate::KeepAlone},
    Rule{"-no-reboot", Fate::KeepAlone},
    Rule{"-nographic", Fate::DropAlone},
    Rule{"-machine", Fate::Replace},
    Rule{"-cpu", Fate::Replace},
    Rule{"-object", Fate::Replace},
    Rule{"-device", Fate::Replace},
    Rule{"-netdev", Fate::Replace},
    Rule{"-fsdev", Fate::Replace},
    Rule{"-chardev", Fate::Replace},
    Rule{"-drive", Fate::Replace},
    Rule{"-blockdev", Fate::Replace},
    Rule{"-serial", Fate::Replace},
    Rule{"-smp", Fate::Keep},
    Rule{"-m", Fate::Keep},
    Rule{"-numa", Fate::Keep},
    Rule{"-bios", Fate::Keep},
    Rule{"-boot", Fate::Keep},
    Rule{"-fw_cfg", Fate::Keep},
    Rule{"-name", Fate::Drop},
    Rule{"-uuid", Fate::Drop},
    Rule{"-accel", Fate::Drop},
    Rule{"-display", Fate::Drop},
    Rule{"-kernel", Fate::Drop},
    Rule{"-initrd", Fate::Drop},
    Rule{"-append", Fate::Drop},
    Rule{"-mon", Fate::Drop},
    Rule{"-monitor", Fate::Drop},
    Rule{"-qmp", Fate::Drop},
    Rule{"-sandbox", Fate::Drop},
};

/// Devices that hold something of the host, and cannot be made without it.
constexpr std::array<std::string_view, 6> kHostDevices{"vfio-",    "vhost-",     "tpm-",
                                                       "usb-host", "virtio-mem", "ivshmem-"};

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text)
        out += c == ',' ? ",," : std::string(1, c);
    return out;
}

bool isJson(std::string_view value) { return value.starts_with('{'); }

/// The member of a JSON object, or the property of QEMU's own form; `implied` is the key of the first word.
std::string member(std::string_view value, std::string_view key, std::string_view implied)
{
    if (!isJson(value)) {
        const QemuOptions options = parseQemuOptions(value);
        const std::string named = valueOf(options, key);
        return named.empty() && key == implied ? valueOf(options, "") : named;
    }
    const auto json = nlohmann::json::parse(value, nullptr, /*allow_exceptions=*/false);
    const auto it = json.is_object() ? json.find(key) : json.end();
    return json.is_object() && it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

class Rewriter {
public:
    AcpiMachine run(std::span<const std::string_view> args)
    {
        for (std::size_t i = 0; i < args.size() && out_.whyNot.empty(); ++i) {
            const auto rule = std::find_if(kRules.begin(), kRules.end(),
                                           [&](const Rule& one) { return one.option == args[i]; });
            if (rule == kRules.end()) {
                refuse("the option " + std::string(args[i]) + " is not known here");
            } else if (rule->fate == Fate::KeepAlone) {
                out_.args.emplace_back(args[i]);
            } else if (rule->fate != Fate::DropAlone) {
                if (++i == args.size())
                    refuse(std::string(rule->option) + " has no value");
                else if (rule->fate == Fate::Keep)
                    add(rule->option, std::string(args[i]));
                else if (rule->fate == Fate::Replace)
                    replace(rule->option, args[i]);
            }
        }
        if (!out_.whyNot.empty())
            out_.args.clear();
        return std::move(out_);
    }

private:
    void add(std::string_view option, std::string value)
    {
        out_.args.emplace_back(option);
        out_.args.push_back(std::move(value));
    }
    void refuse(std::string why) { out_.whyNot = std::move(why); }

    void replace(std::string_view option, std::string_view value)
    {
        if (option == "-machine")
            add(option, machine(value));
        else if (option == "-cpu")
            add(option, "qemu64"); // no table tells of its features
        else if (option == "-serial")
            add(option, value == "none" ? "none" : "null");
        else if (option == "-chardev")
            add(option, "null,id=" + escaped(member(value, "id", "")));
        else if (option == "-netdev")
            add(option, "hubport,hubid=0,id=" + escaped(member(value, "id", "")));
        else if (option == "-fsdev")
            add(option, "synth,id=" + escaped(member(value, "id", "")));
        else if (option == "-blockdev")
            add(option, "null-co,node-name=" + escaped(member(value, "node-name", "")));
        else if (option == "-drive")
            drive(value);
        else if (option == "-object")
            object(value);
        else
            device(value);
    }

    static std::string machine(std::string_view value)
    {
        QemuOptions options = parseQemuOptions(value);
        options.erase("confidential-guest-support");
        std::string out = valueOf(options, "");
        for (const auto& [key, text] : options)
            if (!key.empty())
                out += "," + key + "=" + escaped(text);
        return out.starts_with(',') ? out.substr(1) : out;
    }

    void drive(std::string_view value)
    {
        if (member(value, "if", "") != "none")
            return refuse("a drive is part of the board");
        add("-blockdev", "null-co,node-name=" + escaped(member(value, "id", "")));
    }

    void object(std::string_view value)
    {
        const std::string type = member(value, "qom-type", "qom-type");
        if (type == "tdx-guest")
            return;
        if (type.starts_with("memory-backend-") || type == "rng-random" || type == "iothread")
            add("-object", std::string(value));
        else
            refuse("an object " + type + " is part of the VM");
    }

    void device(std::string_view value)
    {
        const std::string driver = member(value, "driver", "driver");
        const bool ofHost = std::any_of(kHostDevices.begin(), kHostDevices.end(),
                                        [&](std::string_view prefix) { return driver.starts_with(prefix); });
        if (ofHost)
            refuse("the device " + driver + " cannot be made without what it holds of the host");
        else
            add("-device", std::string(value));
    }

    AcpiMachine out_;
};

} // namespace

AcpiMachine acpiMachineOf(std::span<const std::string_view> qemu_args) { return Rewriter().run(qemu_args); }

} // namespace teehost::tdx
