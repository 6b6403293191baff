// SPDX-License-Identifier: Apache-2.0
//
// Where compose puts what a plugin adds to a VM. See th_fragment_sink for the rules; a refusal of the host throws.
//
//     out.machine({{"confidential-guest-support", "tee0"}});
//     out.object("my-guest", "tee0", {{"policy", "0x30000"}});
#pragma once

#include <chrono>
#include <string_view>

#include <teehost/sdk/error.hpp>
#include <teehost/sdk/value.hpp>

namespace teehost::sdk {

/// A file of the VM's run directory.
struct File {
    std::string_view name;          ///< one path component
    std::string_view copyFrom = {}; ///< source path, or empty: then `content`
    ByteView content = {};
    std::uint32_t mode = 0600;
    std::uint32_t flags = 0; ///< TH_FILE_*
};

/// A process beside QEMU.
struct Sidecar {
    std::string_view name;
    Strings argv;
    Properties env = {};                    ///< the whole environment
    std::uint32_t ready = TH_READY_SPAWNED; ///< TH_READY_*
    std::string_view readyPath = {};
    std::chrono::nanoseconds readyTimeout{0}; ///< 0: the host's default
    std::chrono::nanoseconds stopTimeout{0};  ///< 0: the host's default
    std::uint32_t flags = 0;                  ///< TH_SIDECAR_*
};

class Fragment {
public:
    explicit Fragment(const th_fragment_sink* sink) noexcept : sink_(sink) {}

    void machine(const Properties& properties) const
    {
        expectTaken(sink_->machine(sink_, properties.data(), properties.size()));
    }
    void memory(std::string_view type, const Properties& properties = {}) const
    {
        expectTaken(sink_->memory(sink_, str(type), properties.data(), properties.size()));
    }
    void cpu(std::string_view model, const Properties& properties = {}) const
    {
        expectTaken(sink_->cpu(sink_, str(model), properties.data(), properties.size()));
    }
    void item(std::string_view option, std::string_view driver, std::string_view id,
              const Properties& properties = {}) const
    {
        expectTaken(sink_->item(sink_, str(option), str(driver), str(id), properties.data(), properties.size()));
    }
    void object(std::string_view type, std::string_view id, const Properties& properties = {}) const
    {
        item("object", type, id, properties);
    }
    void device(std::string_view driver, std::string_view id = {}, const Properties& properties = {}) const
    {
        item("device", driver, id, properties);
    }
    void json(std::string_view option, std::string_view text) const
    {
        expectTaken(sink_->item_json(sink_, str(option), str(text)));
    }
    /// `kind` is one of TH_FW_*.
    void firmware(std::uint32_t kind, std::string_view path) const
    {
        expectTaken(sink_->firmware(sink_, kind, str(path)));
    }
    void directBoot(std::string_view kernel, std::string_view initrd, std::string_view cmdline) const
    {
        expectTaken(sink_->direct_boot(sink_, str(kernel), str(initrd), str(cmdline)));
    }
    void raw(const Strings& arguments) const { expectTaken(sink_->raw(sink_, arguments.data(), arguments.size())); }
    void file(const File& file) const
    {
        const th_file out{sizeof out, file.flags, str(file.name), str(file.copyFrom), bytes(file.content),
                          file.mode,  0};
        expectTaken(sink_->file(sink_, &out));
    }
    void sidecar(const Sidecar& sidecar) const
    {
        const th_sidecar out{sizeof out,
                             sidecar.ready,
                             str(sidecar.name),
                             sidecar.argv.data(),
                             sidecar.argv.size(),
                             sidecar.env.data(),
                             sidecar.env.size(),
                             str(sidecar.readyPath),
                             static_cast<std::uint64_t>(sidecar.readyTimeout.count()),
                             static_cast<std::uint64_t>(sidecar.stopTimeout.count()),
                             sidecar.flags,
                             0};
        expectTaken(sink_->sidecar(sink_, &out));
    }
    void note(std::string_view key, std::string_view value) const
    {
        expectTaken(sink_->note(sink_, str(key), str(value)));
    }

private:
    const th_fragment_sink* sink_;
};

} // namespace teehost::sdk
