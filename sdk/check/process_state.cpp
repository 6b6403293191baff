// SPDX-License-Identifier: Apache-2.0
#include "process_state.h"

#include <algorithm>
#include <array>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace teehost::check {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> openDescriptors()
{
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone; // the iterator's own descriptor, for one
        const std::string target = fs::read_symlink(entry.path(), gone).string();
        if (!gone && !target.starts_with("/proc/"))
            out.push_back(target);
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<std::string> handledSignals()
{
    std::vector<std::string> out;
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_DFL)
            out.push_back(std::to_string(number));
    }
    return out;
}

unsigned currentUmask()
{
    const mode_t mask = ::umask(0); // there is no way to read it without setting it
    ::umask(mask);
    return mask;
}

std::string firstDifference(const std::vector<std::string>& before, const std::vector<std::string>& after)
{
    std::vector<std::string> changed;
    std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                  std::back_inserter(changed));
    return changed.empty() ? std::string() : changed.front();
}

} // namespace

ProcessState ProcessState::now()
{
    ProcessState state;
    state.descriptors = openDescriptors();
    state.threads = static_cast<std::size_t>(
        std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
    for (char** variable = environ; *variable != nullptr; ++variable)
        state.environment.emplace_back(*variable);
    std::sort(state.environment.begin(), state.environment.end());
    state.workingDirectory = fs::current_path().string();
    state.locale = std::setlocale(LC_ALL, nullptr);
    state.umask = currentUmask();
    state.signals = handledSignals();
    return state;
}

std::vector<std::string> ProcessState::changesTo(const ProcessState& later,
                                                 const std::string& ignored_file) const
{
    std::vector<std::string> out;
    std::vector<std::string> open = later.descriptors;
    std::erase(open, ignored_file);
    if (const std::string changed = firstDifference(descriptors, open); !changed.empty())
        out.push_back("a descriptor of " + changed + " was left open or closed");
    if (threads != later.threads)
        out.push_back(std::to_string(later.threads) + " threads run, " + std::to_string(threads) + " before");
    if (const std::string changed = firstDifference(environment, later.environment); !changed.empty())
        out.push_back("the environment was changed: " + changed);
    if (workingDirectory != later.workingDirectory)
        out.push_back("the working directory was changed to " + later.workingDirectory);
    if (locale != later.locale)
        out.push_back("the locale was changed to " + later.locale);
    if (umask != later.umask)
        out.push_back("the umask was changed");
    if (const std::string changed = firstDifference(signals, later.signals); !changed.empty())
        out.push_back("the disposition of signal " + changed + " was changed");
    return out;
}

OutputWatch::OutputWatch()
    : memory_(::memfd_create("output", MFD_CLOEXEC)), stdout_(::dup(STDOUT_FILENO)),
      stderr_(::dup(STDERR_FILENO))
{
    std::fflush(nullptr);
    ::dup2(memory_.get(), STDOUT_FILENO);
    ::dup2(memory_.get(), STDERR_FILENO);
}

OutputWatch::~OutputWatch()
{
    std::fflush(nullptr);
    ::dup2(stdout_.get(), STDOUT_FILENO);
    ::dup2(stderr_.get(), STDERR_FILENO);
}

std::string OutputWatch::written() const
{
    std::fflush(nullptr);
    std::string out;
    std::array<char, 4096> buffer{};
    off_t offset = 0;
    for (ssize_t got = 0; (got = ::pread(memory_.get(), buffer.data(), buffer.size(), offset)) > 0;
         offset += got)
        out.append(buffer.data(), static_cast<std::size_t>(got));
    return out;
}

} // namespace teehost::check
