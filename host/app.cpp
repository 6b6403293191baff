// SPDX-License-Identifier: Apache-2.0
#include "host/app.h"

#include <csignal>
#include <filesystem>
#include <iostream>
#include <optional>

#include <sys/resource.h>
#include <unistd.h>

#include <Poco/Util/HelpFormatter.h>

#include "host/asking.h"
#include "host/base/error.h"
#include "host/base/log_writer.h"
#include "host/check_settings.h"
#include "host/daemon.h"
#include "host/doctor/kvm_probe.h"
#include "host/plugin/configure.h"
#include "host/preflight.h"
#include "host/settings/listing.h"
#include "host/version.h"

namespace teehost {
namespace {

constexpr const char* kDefaultConfig = "/etc/teehost/teehostd.properties";
constexpr std::chrono::seconds kProbePatience{2}; // of an end while the host is being asked

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
    options.addOption(Option("recover", "",
                             "set a damaged store aside and start with an empty one; VMs that still run are "
                             "reported and left alone"));
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
    else if (name == "recover")
        recover_ = true;
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
    // ServerApplication::initialize() is left out: it would look for a settings file of its own.
    startDirectory_ = std::filesystem::current_path().string();
}

settings::Sources App::sources(settings::Findings& findings) const
{
    settings::Sources sources;
    sources.baseDir = startDirectory_;
    sources.environment = settings::processEnvironment();
    sources.overrides = overrides_;
    sources.file = configPath_.empty() ? defaultConfig() : configPath_;
    if (!sources.file.empty())
        sources.fileValues = settings::readSettingsFile(sources.file, findings);
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
        writeLastWords("teehostd: " + describe(error) + "\n");
        return error.category() == Category::Unavailable ? EXIT_TEMPFAIL : EXIT_CONFIG;
    }
}

namespace {

/// Writes the refusals after what was logged on the way, so that they are the last that is read.
int refuseAll(const settings::Findings& findings, const Log& log)
{
    log.flush(std::chrono::seconds(1));
    for (const auto& refusal : findings.refusals())
        writeLastWords("teehostd: " + describe(refusal) + "\n");
    return findings.mayPass() ? Poco::Util::Application::EXIT_TEMPFAIL : Poco::Util::Application::EXIT_CONFIG;
}

/// Writes to stderr, so that a listing in a file stays one.
void printWarnings(const settings::Findings& findings)
{
    for (const auto& warning : findings.warnings())
        std::cerr << "teehostd: warning: " << warning << "\n";
}

} // namespace

int App::serve()
{
    const bool serving = mode_ == Mode::Serve;
    // A daemon must not wait for whoever reads its log; a program that only answers may.
    const auto writer = serving ? std::make_shared<LogWriter>(STDERR_FILENO) : nullptr;
    Log log = serving ? Log(LogLevel::Info, writer) : Log(LogLevel::Error);
    auto listing = settings::ListingFormat::Table;
    if (mode_ == Mode::ListOptions)
        listing = settings::parseListingFormat(listingFormat_);
    settings::Findings findings;
    const auto from = sources(findings);
    if (findings.refused() && from.fileValues.empty()) // without the file, the rest would be judged wrongly
        return refuseAll(findings, log);
    auto configuration = plugin::configure(from, log, findings);
    if (mode_ == Mode::ListOptions) {
        if (findings.refused())
            return refuseAll(findings, log);
        printWarnings(findings);
        std::cout << settings::listOptions(configuration.settings, listing);
        return EXIT_OK;
    }
    checkSettings(configuration.settings, configuration.plugins, from.environment, findings);
    const auto created = preparePlugins(configuration.settings, configuration.plugins, log);
    Pending pending;
    const auto askTheHost = [&] {
        return preflight(configuration.settings, from.environment, configuration.plugins, created, pending,
                         log, findings);
    };
    std::optional<vm::Decisions> decided;
    if (!serving || findings.refused() ||
        insists(configuration.settings, from.environment, configuration.plugins))
        decided = askTheHost();
    if (findings.refused())
        return refuseAll(findings, log);
    if (mode_ == Mode::CheckConfig) {
        printWarnings(findings);
        std::cout << "the settings are valid\nVMs get the backend " << decided->backend << ", on "
                  << decided->accel << "\n";
        return EXIT_OK;
    }
    for (const auto& warning : findings.warnings())
        log.warning("settings", {{"what", warning}});
    const rlimit noCore{0, 0}; // secrets of guests pass through this process's memory
    ::setrlimit(RLIMIT_CORE, &noCore);
    rlimit files{}; // the soft limit is low for the sake of select(2), which is not used here
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    if (serveUntilToldToEnd(configuration, pending, log, askTheHost, decided, findings))
        return EXIT_OK;
    return refuseAll(findings, log);
}

bool App::serveUntilToldToEnd(const plugin::Configuration& configuration, const Pending& pending,
                              const Log& log, const std::function<vm::Decisions()>& askTheHost,
                              std::optional<vm::Decisions>& decided, const settings::Findings& findings)
{
    Daemon daemon(configuration.settings, configuration.plugins, pending, log, recover_);
    std::optional<Asking> asking;
    if (decided)
        daemon.decide(std::move(*decided));
    else
        asking.emplace(askTheHost, [&](vm::Decisions decisions) {
            if (findings.refused())
                ::kill(::getpid(), SIGTERM); // wakes the main thread, which refuses
            else
                daemon.decide(std::move(decisions));
        });
    waitForTerminationRequest();
    if (asking) {
        asking->cancel();
        if (!asking->endsWithin(kProbePatience)) {
            log.error("a probe of the host does not return; ending without it",
                      {{"pending", pending.text()}});
            log.flush(std::chrono::seconds(1));
            std::_Exit(EXIT_SUCCESS); // no VM was made meanwhile, and the next daemon takes up those that run
        }
    }
    if (findings.refused()) {
        daemon.giveUp(findings.mayPass() ? EXIT_TEMPFAIL : EXIT_CONFIG);
        return false;
    }
    log.info("teehostd stops");
    // Ending the VMs may take their guests' grace. A second signal is for somebody who cannot wait.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGQUIT})
        sigaddset(&signals, number);
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    return true;
}

} // namespace teehost
