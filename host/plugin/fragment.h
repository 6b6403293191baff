// SPDX-License-Identifier: Apache-2.0
//
// What a plugin's compose adds to a VM: plain data, checked for form (UTF-8, lengths, duplicates inside one
// fragment) and nothing else. host/launch merges the fragments of a VM, decides conflicts between them,
// escapes and orders.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "host/plugin/sensitive_bytes.h"

namespace teehost::plugin {

struct Property {
    std::string key;
    std::string value;
    bool operator==(const Property&) const = default;
};
using Properties = std::vector<Property>;

/// `-OPTION DRIVER,id=ID,key=value,...`; driver and id may be empty. Values are not escaped yet.
struct Item {
    std::string option; ///< one of itemOptions()
    std::string driver;
    std::string id;
    Properties properties;
    bool operator==(const Item&) const = default;
};

/// `-OPTION '{...}'`: an item whose properties nest. The text is one JSON object, not yet looked into.
struct JsonItem {
    std::string option;
    std::string json;
    bool operator==(const JsonItem&) const = default;
};

/// One list for both kinds: the order within an option is the order on the command line, and so that of PCI
/// slots.
using AnyItem = std::variant<Item, JsonItem>;

/// The memory backend of the VM, without id and size: those are the host's.
struct MemoryBackend {
    std::string type; ///< "memory-backend-memfd"
    Properties properties;
    bool operator==(const MemoryBackend&) const = default;
};

struct CpuModel {
    std::string model; ///< empty: keep the model of the VM, add the properties
    Properties properties;
    bool operator==(const CpuModel&) const = default;
};

struct Firmware {
    enum class Kind {
        Code, ///< pflash unit 0, read-only
        Vars, ///< pflash unit 1, the VM's private copy
        Bios, ///< -bios
        Igvm, ///< an IGVM file; the plugin's own object refers to it
    };
    Kind kind = Kind::Code;
    std::string path;
    bool operator==(const Firmware&) const = default;
};

struct DirectBoot {
    std::string kernel;
    std::string initrd;  ///< may be empty
    std::string cmdline; ///< may be empty
    bool operator==(const DirectBoot&) const = default;
};

/// A file `run_dir/name`, made before anything starts.
struct FilePlan {
    std::string name;       ///< one path component
    std::string copyFrom;   ///< a source path, or empty: then `content`
    SensitiveBytes content; ///< wiped when dropped, whether sensitive or not
    std::uint32_t mode = 0600;
    bool sensitive = false; ///< holds a secret: never logged, shown or kept
    bool keep = false;      ///< stays when the VM stops, removed with the VM
    bool readonly = false;  ///< made immutable for QEMU and sidecars once written
    bool operator==(const FilePlan&) const = default;
};

/// A process started before QEMU and stopped after it.
struct SidecarPlan {
    enum class Ready {
        Spawned,     ///< at once
        UnixConnect, ///< when connect(2) to readyPath succeeds
        PathExists,  ///< when readyPath exists
        ExitZero,    ///< when it has ended with status 0: a preparation step
    };
    std::string name;
    std::vector<std::string> argv;
    Properties env; ///< the whole environment
    Ready ready = Ready::Spawned;
    std::string readyPath;
    std::chrono::nanoseconds readyTimeout{0}; ///< 0: the host's default
    std::chrono::nanoseconds stopTimeout{0};  ///< 0: the host's default
    bool ahead = false; ///< a preparation step that may be run before its VM is asked for
    bool operator==(const SidecarPlan&) const = default;
};

struct Fragment {
    std::string plugin; ///< id of the plugin it comes from: to blame, and to log raw arguments with
    Properties machine; ///< for the one -machine; each key once
    std::optional<MemoryBackend> memory;
    std::optional<CpuModel> cpu;
    std::vector<AnyItem> items;
    std::vector<Firmware> firmware; ///< each kind at most once
    std::optional<DirectBoot> directBoot;
    std::vector<std::string> raw; ///< passed on as they are
    std::vector<FilePlan> files;
    std::vector<SidecarPlan> sidecars;
    Properties notes; ///< kept in the VM's record; each key once
    bool operator==(const Fragment&) const = default;
};

/// The QEMU options a plugin may use through items.
[[nodiscard]] bool isItemOption(std::string_view option) noexcept;

} // namespace teehost::plugin
