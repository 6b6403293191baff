// SPDX-License-Identifier: Apache-2.0
//
// A hostile plugin composes: every call is answered with a status, one refusal refuses the whole, and a
// fragment that is taken keeps the limits and forms of plugin.h. Input: a letter for a function of the sink,
// then its arguments.
#include "host/plugin/fragment_sink.h"

#include <set>

#include <nlohmann/json.hpp>

#include "tests/fuzz/plugin_values.h"

namespace {

using namespace teehost;
using namespace plugin;
using fuzz::require;

/// Calls of one kind that were answered with TH_OK, and the elements they and others brought.
struct Taken {
    std::size_t items = 0, firmware = 0, raw = 0, files = 0, sidecars = 0, notes = 0;
    std::size_t counted = 0; ///< as plugin.h counts: calls, and elements of arrays
};

class HostilePlugin {
public:
    explicit HostilePlugin(fuzz::Input& in) : in_(in), values_(in) {}

    void compose()
    {
        while (!in_.empty()) {
            const th_status status = call(in_.byte());
            fuzz::requireStatus(status);
            if (status != TH_OK && refused_ == TH_OK)
                refused_ = status;
        }
    }

    /// The fragment, unless the sink refused: then for the reason it gave first.
    std::optional<Fragment> finish()
    {
        try {
            Fragment fragment = sink_.finish();
            require(refused_ == TH_OK, "one refusal refuses the whole fragment");
            return fragment;
        } catch (const Error& error) {
            require(refused_ == static_cast<th_status>(error.category()), "the first refusal is the reason");
            return std::nullopt;
        }
    }

    [[nodiscard]] const Taken& taken() const noexcept { return taken_; }

private:
    th_status call(char function)
    {
        switch (function) {
        case 'm': {
            const auto props = values_.properties();
            return list(t_->machine(t_, props.ptr, props.count), props.count);
        }
        case 'y': {
            const auto type = values_.text();
            const auto props = values_.properties();
            return list(t_->memory(t_, type, props.ptr, props.count), props.count);
        }
        case 'c': {
            const auto model = values_.text();
            const auto props = values_.properties();
            return list(t_->cpu(t_, model, props.ptr, props.count), props.count);
        }
        case 'i': {
            const auto option = values_.text(), driver = values_.text(), id = values_.text();
            const auto props = values_.properties();
            return list(t_->item(t_, option, driver, id, props.ptr, props.count), props.count, &Taken::items);
        }
        case 'j': {
            const auto option = values_.text();
            return count(t_->item_json(t_, option, values_.text()), 0, &Taken::items);
        }
        case 'f': {
            const auto kind = static_cast<std::uint32_t>(in_.number());
            return count(t_->firmware(t_, kind, values_.text()), 0, &Taken::firmware);
        }
        case 'b': {
            const auto kernel = values_.text(), initrd = values_.text();
            return count(t_->direct_boot(t_, kernel, initrd, values_.text()));
        }
        case 'r': {
            const auto args = values_.texts();
            const auto status = list(t_->raw(t_, args.ptr, args.count), args.count);
            taken_.raw += status == TH_OK ? args.count : 0;
            return status;
        }
        case 'F':
            return file();
        case 's':
            return sidecar();
        default: {
            const auto key = values_.text();
            return count(t_->note(t_, key, values_.text()), 0, &Taken::notes);
        }
        }
    }

    th_status file()
    {
        th_file made{};
        made.flags = static_cast<std::uint32_t>(in_.number());
        made.mode = static_cast<std::uint32_t>(in_.number());
        made.name = values_.text();
        made.copy_from = values_.text();
        made.content = values_.bytes();
        return count(t_->file(t_, values_.sized(made)), 0, &Taken::files);
    }

    th_status sidecar()
    {
        th_sidecar made{};
        made.ready = static_cast<std::uint32_t>(in_.number());
        made.name = values_.text();
        made.ready_path = values_.text();
        made.ready_timeout_ns = in_.number();
        made.stop_timeout_ns = in_.number();
        const auto argv = values_.texts();
        made.argv = argv.ptr;
        made.argc = argv.count;
        const auto env = values_.properties();
        made.env = env.ptr;
        made.env_count = env.count;
        return count(t_->sidecar(t_, values_.sized(made)), argv.count + env.count, &Taken::sidecars);
    }

    /// An array that is itself an argument is refused for its length before anything else is looked at.
    th_status list(th_status status, std::size_t elements, std::size_t Taken::*kind = nullptr)
    {
        require(elements < kMaxItems || status == TH_RESOURCE_EXHAUSTED,
                "an array too long exhausts the limit");
        return count(status, elements, kind);
    }

    th_status count(th_status status, std::size_t elements = 0, std::size_t Taken::*kind = nullptr)
    {
        if (status == TH_OK) {
            taken_.counted += 1 + elements;
            if (kind != nullptr)
                ++(taken_.*kind);
        }
        return status;
    }

    fuzz::Input& in_;
    fuzz::PluginValues values_;
    FragmentSink sink_{"p"};
    const th_fragment_sink* t_ = sink_.table();
    th_status refused_ = TH_OK;
    Taken taken_;
};

void isText(const std::string& text)
{
    require(text.size() <= kMaxText && text.find('\0') == std::string::npos && isUtf8(text),
            "a text is a text");
}

void areProperties(const Properties& properties, const char* hosts = "")
{
    std::set<std::string_view> keys;
    for (const auto& [key, value] : properties) {
        require(!key.empty() && key.find_first_of(",= \n") == std::string::npos, "a key is a word");
        require(keys.insert(key).second, "a key stands once");
        require(std::string_view(hosts).find(" " + key + " ") == std::string_view::npos,
                "the host's keys are its own");
        isText(key);
        isText(value);
    }
}

void areItems(const std::vector<AnyItem>& items)
{
    std::set<std::pair<std::string, std::string>> ids;
    const auto claim = [&](const std::string& option, const std::string& id) {
        require(isItemOption(option), "an item is of an option that plugins may use");
        require(id.find_first_of(",=/ \n") == std::string::npos, "an id is a word");
        require(id.empty() || ids.emplace(option, id).second, "an id stands once");
    };
    for (const auto& any : items) {
        if (const auto* item = std::get_if<Item>(&any)) {
            claim(item->option, item->id);
            isText(item->driver);
            areProperties(item->properties);
            continue;
        }
        const auto& [option, text] = std::get<JsonItem>(any);
        const auto json = nlohmann::json::parse(text);
        require(json.is_object(), "a JSON item is an object");
        const auto* name = option == "blockdev" ? "node-name" : "id";
        claim(option, json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : "");
    }
}

void areFiles(const std::vector<FilePlan>& files)
{
    std::set<std::string_view> names;
    for (const auto& file : files) {
        require(names.insert(file.name).second, "a file stands once");
        require(!file.name.empty() && file.name.size() <= 255 && file.name != "." && file.name != ".." &&
                    file.name.find('/') == std::string::npos,
                "a file is made in the VM's own directory");
        require(file.copyFrom.empty() || (file.copyFrom.starts_with('/') && file.content.empty()),
                "a file has one source");
        require((file.mode & ~0755u) == 0, "a file is written by its owner only");
        require(file.content.size() <= kMaxBytes, "a file is bounded");
        isText(file.name);
        isText(file.copyFrom);
    }
}

void areSidecars(const std::vector<SidecarPlan>& sidecars)
{
    std::set<std::string_view> names;
    for (const auto& sidecar : sidecars) {
        require(isPluginId(sidecar.name) && names.insert(sidecar.name).second,
                "a sidecar has a name of its own");
        require(!sidecar.argv.empty() && !sidecar.argv[0].empty(), "a sidecar is a program");
        for (const auto& argument : sidecar.argv)
            isText(argument);
        areProperties(sidecar.env);
        const bool waits = sidecar.ready == SidecarPlan::Ready::UnixConnect ||
                           sidecar.ready == SidecarPlan::Ready::PathExists;
        require(!waits || sidecar.readyPath.starts_with('/'), "what is waited for is an absolute path");
        require(sidecar.readyTimeout.count() >= 0 && sidecar.stopTimeout.count() >= 0,
                "time does not run backwards");
    }
}

void keepsTheContract(const Fragment& fragment, const Taken& taken)
{
    require(taken.counted <= kMaxItems, "a plugin gives at most 4096 items, elements of arrays included");
    require(fragment.items.size() == taken.items && fragment.firmware.size() == taken.firmware &&
                fragment.raw.size() == taken.raw && fragment.files.size() == taken.files &&
                fragment.sidecars.size() == taken.sidecars && fragment.notes.size() == taken.notes,
            "what was answered with TH_OK is in the fragment, and nothing else");
    areProperties(fragment.machine, " accel type memory-backend ");
    if (fragment.memory)
        areProperties(fragment.memory->properties, " id size ");
    if (fragment.cpu)
        areProperties(fragment.cpu->properties);
    areItems(fragment.items);
    std::set<Firmware::Kind> kinds;
    for (const auto& firmware : fragment.firmware)
        require(kinds.insert(firmware.kind).second && !firmware.path.empty(),
                "firmware of a kind stands once");
    require(!fragment.directBoot || !fragment.directBoot->kernel.empty(), "direct boot has a kernel");
    for (const auto& argument : fragment.raw)
        isText(argument);
    areFiles(fragment.files);
    areSidecars(fragment.sidecars);
    std::set<std::string_view> notes;
    for (const auto& [key, value] : fragment.notes)
        require(!key.empty() && notes.insert(key).second, "a note stands once");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Input in(data, size);
    HostilePlugin hostile(in);
    hostile.compose();
    if (const auto fragment = hostile.finish())
        keepsTheContract(*fragment, hostile.taken());
    return 0;
}
