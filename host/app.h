// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <Poco/Util/ServerApplication.h>

#include "host/base/log.h"
#include "host/base/pending.h"
#include "host/plugin/configure.h"
#include "host/settings/settings.h"
#include "host/vm/decisions.h"

namespace teehost {

/// teehostd: reads the options, builds the parts, wires them together, waits for a signal, takes them down
/// again.
class App final : public Poco::Util::ServerApplication {
protected:
    void initialize(Poco::Util::Application& self) override;
    void defineOptions(Poco::Util::OptionSet& options) override;
    void handleOption(const std::string& name, const std::string& value) override;
    int main(const std::vector<std::string>& args) override;

private:
    enum class Mode { Serve, Help, Version, CheckConfig, ListOptions, ProbeKvm };

    int serve();
    /// False when the start is refused after all: `findings` then say why. `decided` is empty when the host
    /// is still to be asked.
    [[nodiscard]] bool serveUntilToldToEnd(const plugin::Configuration& configuration, const Pending& pending,
                                           const Log& log, const std::function<vm::Decisions()>& askTheHost,
                                           std::optional<vm::Decisions>& decided,
                                           const settings::Findings& findings);
    [[nodiscard]] settings::Sources sources(settings::Findings& findings) const;

    Mode mode_ = Mode::Serve;
    std::string configPath_, listingFormat_;
    std::vector<std::string> overrides_;
    std::string startDirectory_;
    bool recover_ = false;
};

} // namespace teehost
