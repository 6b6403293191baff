// SPDX-License-Identifier: Apache-2.0
#include "host/app.h"

#include <csignal>
#include <filesystem>
#include <iostream>

#include <Poco/Util/HelpFormatter.h>

#include "host/base/error.h"
#include "host/check_settings.h"
#include "host/daemon.h"
#include "host/doctor/kvm_probe.h"
#include "host/settings/listing.h"
#include "host/version.h"

namespace teehost {
namespace {

constexpr const char* kDefaultConfig = "/etc/teehost/teehostd.properties";

/// PREFIX/etc/teehost of an installation in PREFIX, else /etc/teehost; empty when there is no file in either.
std::string defaultConfig()
{
    const auto bin = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    for (const auto& path : {(bin / "../etc/teehost/teehostd.properties").lexically_normal().string(),
                             std::string(kDefaultConfig)})
        if (std::filesystem::exists(path))
            return path;
    return {};
}

/// The host's own options first: they say where the plugins are, whose options complete the table.
struct Configuration {
    settings::Settings settings;
    plugin::Loaded plugins;
};

settings::OptionTable withPluginOptions(const plugin::Loaded& plugins)
{
    auto table = settings::hostOptions();
    for (const auto& plugin : plugins.plugins)
        for (const auto& option : plugin->options())
            table.add(option);
    return table;
}

Configuration configure(const settings::Sources& sources, Log& log, std::vector<std::string>& warnings)
{
    settings::Sources early = sources;
    std::erase_if(early.overrides, [table = settings::hostOptions()](const std::string& text) {
        return table.find(text.substr(0, text.find('='))) == nullptr;
    });
    std::vector<std::string> ignored; // the second pass, with the plugins' options, gives the warnings
    const auto hostSettings = settings::loadSettings(settings::hostOptions(), early, ignored);
    if (log.enabled(LogLevel::Info)) // otherwise only a check or a listing was asked for
        log.setThreshold(parseLogLevel(hostSettings.text("log.level")));
    auto plugins = loadConfiguredPlugins(hostSettings, sources.baseDir, log);
    auto settings = settings::loadSettings(withPluginOptions(plugins), sources, warnings);
    return {std::move(settings), std::move(plugins)};
}

} // namespace

void App::defineOptions(Poco::Util::OptionSet& options)
{
    using Poco::Util::Option;
    ServerApplication::defineOptions(options);
    options.addOption(Option("help", "h", "print this help"));
    options.addOption(Option("version", "V", "print the version"));
    options.addOption(Option("config", "c",
                             "settings file (.properties, .ini, .xml, .json); default " +
                                 std::string(kDefaultConfig) + " when it exists")
                          .argument("FILE"));
    options.addOption(Option("set", "s", "set an option, stronger than environment and file")
                          .argument("KEY=VALUE")
                          .repeatable(true));
    options.addOption(Option("check-config", "", "validate the settings and exit"));
    options.addOption(Option("list-options", "",
                             "print every option and exit; FORMAT is table, properties, env or markdown")
                          .argument("FORMAT", false));
    options.addOption(Option("probe-kvm", "", "run the KVM probe guest, print its verdict and exit"));
}

void App::handleOption(const std::string& name, const std::string& value)
{
    ServerApplication::handleOption(name, value);
    if (name == "help")
        mode_ = Mode::Help;
    else if (name == "version")
        mode_ = Mode::Version;
    else if (name == "check-config")
        mode_ = Mode::CheckConfig;
    else if (name == "probe-kvm")
        mode_ = Mode::ProbeKvm;
    else if (name == "config")
        configPath_ = value;
    else if (name == "set")
        overrides_.push_back(value);
    else if (name == "list-options") {
        mode_ = Mode::ListOptions;
        listingFormat_ = value;
    }
    if (mode_ != Mode::Serve && mode_ != Mode::CheckConfig && mode_ != Mode::ListOptions)
        stopOptionsProcessing();
}

void App::initialize(Poco::Util::Application&)
{
    // Deliberately not ServerApplication::initialize(): it would look for a settings file of its own.
    startDirectory_ = std::filesystem::current_path().string();
}

settings::Sources App::sources() const
{
    settings::Sources sources;
    sources.baseDir = startDirectory_;
    sources.environment = settings::processEnvironment();
    sources.overrides = overrides_;
    sources.file = configPath_.empty() ? defaultConfig() : configPath_;
    if (!sources.file.empty())
        sources.fileValues = settings::readSettingsFile(sources.file);
    return sources;
}

int App::main(const std::vector<std::string>& args)
{
    if (!args.empty()) {
        std::cerr << "teehostd: unexpected argument \"" << args.front() << "\"; see --help\n";
        return EXIT_USAGE;
    }
    if (mode_ == Mode::Help) {
        Poco::Util::HelpFormatter help(options());
        help.setCommand("teehostd");
        help.setUsage("[OPTIONS]");
        help.setHeader("The host daemon for confidential VMs. Everything it can be told is an option; see "
                       "--list-options.");
        help.format(std::cout);
        return EXIT_OK;
    }
    if (mode_ == Mode::Version) {
        std::cout << "teehostd " << kVersion << "\n";
        return EXIT_OK;
    }
    if (mode_ == Mode::ProbeKvm) {
        const auto result = doctor::probeKvmHere();
        std::cout << doctor::toLine(result) << "\n";
        return result.usable() ? EXIT_OK : EXIT_UNAVAILABLE;
    }
    try {
        return serve();
    } catch (const Error& error) {
        std::cerr << "teehostd: " << describe(error) << "\n";
        return EXIT_CONFIG;
    }
}

int App::serve()
{
    Log log;
    if (mode_ != Mode::Serve)
        log.setThreshold(LogLevel::Error);
    std::vector<std::string> warnings;
    auto listing = settings::ListingFormat::Table;
    if (mode_ == Mode::ListOptions)
        listing = settings::parseListingFormat(listingFormat_);
    const auto configuration = configure(sources(), log, warnings);
    if (mode_ == Mode::ListOptions) {
        std::cout << settings::listOptions(configuration.settings, listing);
        return EXIT_OK;
    }
    const auto environment = settings::processEnvironment();
    checkSettings(configuration.settings, configuration.plugins, environment);
    if (mode_ == Mode::CheckConfig) {
        for (const auto& warning : warnings)
            std::cerr << "teehostd: warning: " << warning << "\n";
        std::cout << "the settings are valid\n";
        return EXIT_OK;
    }
    for (const auto& warning : warnings)
        log.warning("settings", {{"what", warning}});
    const Daemon daemon(configuration.settings, environment, configuration.plugins, log);
    waitForTerminationRequest();
    log.info("teehostd stops");
    // Ending the VMs may take their guests' grace. A second signal is for somebody who cannot wait.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGQUIT})
        sigaddset(&signals, number);
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    return EXIT_OK;
}

} // namespace teehost
