// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <iostream>
#include <iterator>
#include <memory>
#include <vector>

#include "cli/client/client.h"
#include "cli/client/vm_lookup.h"
#include "cli/output/json.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost remove-vm 3f2a
  teehost remove-vm 3f2a 91c0 --force
  teehost list --all --quiet | xargs -r teehost remove-vm)";

struct Options {
    std::vector<std::string> ids;
    bool force = false;
};

std::string removeOne(Client& client, const std::string& typed, bool force)
{
    v1::RemoveVmRequest request;
    request.set_id(resolveVmId(client, typed));
    request.set_force(force);
    client.removeVm(request);
    return request.id();
}

/// Tells all failures in their order; the exit code is that of the first.
[[noreturn]] void throwAll(const std::vector<Failure>& failures)
{
    for (auto failure = failures.begin(); std::next(failure) != failures.end(); ++failure)
        std::cerr << describeFailure(failure->what(), failure->hint());
    throw Failure(failures.front().code(), failures.back().what(), failures.back().hint());
}

/// One VM that cannot be removed does not keep the others.
void removeVms(const Options& options, Session& session)
{
    Json removed = Json::array();
    Json failed = Json::array();
    std::vector<Failure> failures;
    for (const auto& typed : options.ids) {
        try {
            const std::string id = removeOne(session.client(), typed, options.force);
            removed.push_back(id);
            if (!session.json())
                session.out() << "removed " << id << std::endl;
        } catch (const Failure& failure) {
            if (failure.code() == ExitCode::Unreachable || failure.code() == ExitCode::Interrupted)
                throw;
            failed.push_back({{"id", typed}, {"error", failure.what()}});
            failures.push_back(failure);
        }
    }
    if (session.json())
        printJson(session.out(), {{"removed", removed}, {"failed", failed}});
    if (!failures.empty())
        throwAll(failures);
}

} // namespace

void addRemoveVm(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "remove-vm", kExamples);
    const auto options = std::make_shared<Options>();
    command.option("ID", options->ids, "VMs to remove").required().value("ID");
    command.flag("--force", options->force, "Do not wait for the guest to shut down");
    command.onRun([options, &session] { removeVms(*options, session); });
}

} // namespace teehost::cli
