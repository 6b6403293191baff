// SPDX-License-Identifier: Apache-2.0
#include "chaos/audit.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <sqlite3.h>
#include <unistd.h>

#include "support/files.h"
#include "support/proc.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Ids = std::set<std::string>;

constexpr std::chrono::seconds kAnswerLimit{5};

struct Scene {
    World& world;
    std::map<std::string, v1::Vm> all, living;
};

/// What is only in one of the two.
template <class T>
void compare(const std::string& here, const std::set<T>& a, const std::string& there, const std::set<T>& b,
             Words& found)
{
    const auto text = [](const T& value) {
        if constexpr (std::is_same_v<T, std::string>)
            return value;
        else
            return std::to_string(value);
    };
    for (const auto& value : a)
        if (!b.contains(value))
            found.push_back(text(value) + " is " + here + ", not " + there);
    for (const auto& value : b)
        if (!a.contains(value))
            found.push_back(text(value) + " is " + there + ", not " + here);
}

Ids idsOf(const std::map<std::string, v1::Vm>& vms)
{
    Ids ids;
    for (const auto& [id, vm] : vms)
        ids.insert(id);
    return ids;
}

Ids entriesOf(const fs::path& directory)
{
    Ids names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory, ignored))
        names.insert(entry.path().filename());
    return names;
}

void lookAtStates(const Scene& scene, Words& found)
{
    constexpr std::array kMoving{v1::VM_STATE_PREPARING, v1::VM_STATE_LAUNCHING,  v1::VM_STATE_STOPPING,
                                 v1::VM_STATE_CLEANING,  v1::VM_STATE_RESTARTING, v1::VM_STATE_LOST};
    for (const auto& [id, vm] : scene.living)
        if (std::find(kMoving.begin(), kMoving.end(), vm.state()) != kMoving.end())
            found.push_back("VM " + id + " is still " + v1::VmState_Name(vm.state()));
}

void lookAtProcesses(const Scene& scene, Words& found)
{
    std::set<pid_t> listed, named, ours;
    for (const auto& [id, vm] : scene.living)
        listed.insert(vm.pid());
    for (const pid_t pid : processesWith(scene.world.guestName()))
        named.insert(pid);
    compare<pid_t>("a process of a VM in the list", listed, "a QEMU of this daemon", named, found);
    // Everything that was ever started here has the directory among its arguments.
    for (const pid_t pid : processesWith(scene.world.stage().scratch.path().string()))
        if (pid != scene.world.pid() && !listed.contains(pid))
            found.push_back("process " + std::to_string(pid) + " is left over");
    for (const pid_t child : childrenOf(scene.world.pid()))
        if (!listed.contains(child))
            found.push_back("the daemon has the child " + std::to_string(child) + ", " +
                            statusOf(child, "State"));
}

void lookAtPorts(const Scene& scene, Words& found)
{
    std::set<std::uint32_t> listed, open;
    for (const auto& [id, vm] : scene.living)
        listed.insert(vm.agent_port());
    const auto& range = scene.world.stage().ports;
    for (const auto& listener : listeners())
        if (listener.port >= range.low() && listener.port <= range.high())
            open.insert(listener.port);
    compare<std::uint32_t>("a port of a VM in the list", listed, "a port that listens", open, found);
}

void lookAtDirectories(const Scene& scene, Words& found)
{
    const auto& stage = scene.world.stage();
    const auto living = idsOf(scene.living);
    const auto all = idsOf(scene.all);
    compare<std::string>("a living VM", living, "a run directory", entriesOf(stage.runtime() / "vm"), found);
    compare<std::string>("a living VM", living, "a state directory", entriesOf(stage.state() / "vm"), found);
    const auto logs = entriesOf(stage.logs());
    for (const auto& id : logs)
        if (!all.contains(id))
            found.push_back("there are logs of VM " + id + ", which nobody knows");
    for (const auto& id : living)
        if (!logs.contains(id))
            found.push_back("the logs of VM " + id + " are gone");
}

class Rows {
public:
    explicit Rows(const fs::path& file)
    {
        sqlite3* db = nullptr;
        const int code = sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
        db_.reset(db);
        sqlite3_stmt* query = nullptr;
        if (code != SQLITE_OK ||
            sqlite3_prepare_v2(db, "SELECT id, state, pid, port FROM vm", -1, &query, nullptr) != SQLITE_OK)
            throw std::runtime_error("cannot read the store: " + std::string(sqlite3_errmsg(db)));
        query_.reset(query);
    }
    bool next() { return sqlite3_step(query_.get()) == SQLITE_ROW; }
    [[nodiscard]] std::string text(int column) const
    {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(query_.get(), column));
        return bytes == nullptr ? "" : bytes;
    }
    [[nodiscard]] std::int64_t number(int column) const { return sqlite3_column_int64(query_.get(), column); }

private:
    struct Close {
        void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
        void operator()(sqlite3_stmt* query) const noexcept { sqlite3_finalize(query); }
    };
    std::unique_ptr<sqlite3, Close> db_;
    std::unique_ptr<sqlite3_stmt, Close> query_;
};

void lookAtStore(const Scene& scene, Words& found)
{
    Ids stored;
    std::unique_ptr<Rows> opened;
    try {
        opened = std::make_unique<Rows>(scene.world.stage().state() / "teehost.db");
    } catch (const std::runtime_error& error) {
        // Passes: a daemon that has just been started may still hold the file to itself.
        found.push_back(error.what());
        return;
    }
    Rows& rows = *opened;
    while (rows.next()) {
        const auto id = rows.text(0);
        const auto state = rows.text(1);
        stored.insert(id);
        const auto it = scene.all.find(id);
        if (it == scene.all.end())
            continue; // told below
        const auto& vm = it->second;
        const bool lives = state != "stopped" && state != "failed";
        if (lives != isLiving(vm.state()))
            found.push_back("VM " + id + " is " + state + " in the store, " + v1::VmState_Name(vm.state()) +
                            " in the list");
        if (lives && rows.number(2) != vm.pid())
            found.push_back("VM " + id + " has process " + rows.text(2) + " in the store, " +
                            std::to_string(vm.pid()) + " in the list");
        if (lives && rows.number(3) != vm.agent_port())
            found.push_back("VM " + id + " has port " + rows.text(3) + " in the store, " +
                            std::to_string(vm.agent_port()) + " in the list");
        if (!lives && !rows.text(2).empty())
            found.push_back("VM " + id + " has ended, and has process " + rows.text(2) + " in the store");
    }
    compare<std::string>("a VM in the list", idsOf(scene.all), "a VM in the store", stored, found);
}

/// Whether a file may hold the canary: the run directory of the living VM whose it is.
bool mayHold(const Scene& scene, const fs::path& file, const std::string& content)
{
    const auto relative = file.lexically_relative(scene.world.stage().runtime() / "vm");
    const auto it = scene.living.find(relative.begin()->string());
    if (it == scene.living.end())
        return false;
    const auto name = it->second.labels().find(kLabel);
    return name != it->second.labels().end() &&
           content.find(std::string(kCanary) + " " + name->second) != std::string::npos;
}

void lookForSecrets(const Scene& scene, Words& found)
{
    const auto& stage = scene.world.stage();
    const auto look = [&](const fs::path& file) {
        const auto content = readFile(file);
        if (content.find(kCanary) != std::string::npos && !mayHold(scene, file, content))
            found.push_back("a secret is in " + file.string());
    };
    for (const auto& tree : {stage.state(), stage.logs(), stage.runtime()}) {
        std::error_code ignored;
        for (fs::recursive_directory_iterator it(tree, ignored), end; !ignored && it != end;
             it.increment(ignored))
            if (it->is_regular_file(ignored))
                look(it->path());
    }
    for (const auto& log : scene.world.logs())
        look(log);
    for (const pid_t pid : processesWith(kCanary))
        found.push_back("a secret is in the arguments of process " + std::to_string(pid));
    for (const auto& [id, vm] : scene.living)
        look("/proc/" + std::to_string(vm.pid()) + "/environ");
}

} // namespace

Audit audit(World& world, Client& client, const Ledger& ledger)
{
    Audit result;
    v1::ListVmsRequest request;
    request.set_include_ended(true);
    const auto answer = client.call(&Host::ListVms, request, kAnswerLimit);
    if (!answer.status.ok()) {
        // Passes: a daemon that ran out of descriptors opens its port again.
        result.disagreements.push_back("the list is refused: " + answer.status.error_message());
        return result;
    }
    result.vms.assign(answer.body.vms().begin(), answer.body.vms().end());
    Scene scene{world, {}, {}};
    for (const auto& vm : result.vms) {
        scene.all[vm.id()] = vm;
        if (isLiving(vm.state()))
            scene.living[vm.id()] = vm;
    }
    auto& found = result.disagreements;
    found = ledger.disagreements(result.vms, world.now());
    lookAtStates(scene, found);
    lookAtProcesses(scene, found);
    lookAtPorts(scene, found);
    lookAtDirectories(scene, found);
    lookAtStore(scene, found);
    lookForSecrets(scene, found);
    return result;
}

} // namespace teehost::test
