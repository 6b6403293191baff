// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "host/plugin/fragment.h"
#include "host/plugin/sink.h"

namespace teehost::plugin {

/// Collects a Fragment from a plugin's compose.
class FragmentSink final : public Sink {
public:
    explicit FragmentSink(std::string plugin_id);

    [[nodiscard]] const th_fragment_sink* table() const noexcept { return &table_; }
    /// Throws what was refused; else the fragment.
    [[nodiscard]] Fragment finish();

private:
    void machine(const th_kv* props, std::size_t count);
    void memory(th_str type, const th_kv* props, std::size_t count);
    void cpu(th_str model, const th_kv* props, std::size_t count);
    void item(th_str option, th_str driver, th_str id, const th_kv* props, std::size_t count);
    void itemJson(th_str option, th_str json);
    void firmware(std::uint32_t kind, th_str path);
    void directBoot(th_str kernel, th_str initrd, th_str cmdline);
    void raw(const th_str* args, std::size_t count);
    void file(const th_file* file);
    void sidecar(const th_sidecar* sidecar);
    void note(th_str key, th_str value);
    void claimId(const std::string& option, const std::string& id);

    Fragment fragment_;
    std::set<std::string> ids_; ///< "OPTION ID" of the items so far
    th_fragment_sink table_;
};

} // namespace teehost::plugin
