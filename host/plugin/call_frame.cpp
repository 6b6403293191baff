// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/call_frame.h"

#include <algorithm>
#include <limits>

#include "host/base/text.h"

namespace teehost::plugin {

namespace {

using settings::OptionSpec;
using settings::OptionType;
using settings::Value;

std::uint64_t deadlineNs(const CallContext& context) noexcept
{
    if (!context.deadline)
        return 0;
    // libstdc++'s steady_clock is CLOCK_MONOTONIC. 1 and not 0 for the past: 0 means no deadline.
    const auto since_boot = std::chrono::nanoseconds(context.deadline->time_since_epoch()).count();
    return since_boot < 1 ? 1 : static_cast<std::uint64_t>(since_boot);
}

th_type typeOf(OptionType type) noexcept
{
    switch (type) {
    case OptionType::Bool:
        return TH_T_BOOL;
    case OptionType::Int:
        return TH_T_INT;
    case OptionType::UInt:
    case OptionType::Port:
        return TH_T_UINT;
    case OptionType::Bytes:
        return TH_T_BYTES;
    case OptionType::Path:
        return TH_T_PATH;
    case OptionType::Size:
        return TH_T_SIZE;
    case OptionType::Duration:
        return TH_T_DURATION;
    case OptionType::Enum:
        return TH_T_ENUM;
    case OptionType::List:
        return TH_T_LIST;
    case OptionType::String:
    case OptionType::Ratio: // a plugin cannot declare it
        return TH_T_STRING;
    }
    return TH_T_NONE;
}

th_status toValue(const OptionSpec& spec, const Value& value, std::size_t index, th_value& out) noexcept
{
    out.type = typeOf(spec.type);
    if (std::holds_alternative<settings::Auto>(value)) {
        out.type = TH_T_AUTO;
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        out.u = *flag ? 1 : 0;
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        out.i = *number;
    } else if (const auto* count = std::get_if<std::uint64_t>(&value)) {
        out.u = *count;
    } else if (const auto* duration = std::get_if<std::chrono::nanoseconds>(&value)) {
        out.u = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration->count()));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        out.s = give(*text);
    } else if (const auto* bytes = std::get_if<settings::ByteString>(&value)) {
        out.b = give(*bytes);
    } else if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        out.u = list->size();
        if (index < list->size())
            out.s = give((*list)[index]);
        else if (index != 0)
            return TH_OUT_OF_RANGE;
        return TH_OK;
    } else {
        return TH_INTERNAL; // a ratio: not a type of the ABI
    }
    return index == 0 ? TH_OK : TH_OUT_OF_RANGE;
}

} // namespace

CallFrame::CallFrame(std::string plugin_id, std::string what, const CallContext& context,
                     const std::vector<OptionSpec>& options, const Log& log)
    : pluginId_(std::move(plugin_id)), what_(std::move(what)), context_(context), options_(options),
      log_(log), call_{}
{
    call_.struct_size = sizeof call_;
    call_.ctx = this;
    call_.deadline_ns = deadlineNs(context);
    call_.trace_id = give(context.traceId);
    call_.cancelled = [](const th_call* call) noexcept -> std::int32_t {
        try {
            const CallFrame& frame = CallFrame::of(call);
            return frame.context_.cancelled && frame.context_.cancelled() ? 1 : 0;
        } catch (...) {
            return 1; // who cannot say whether the answer is wanted does not wait for it
        }
    };
    call_.fail = [](const th_call* call, const th_error* error) noexcept -> th_status {
        try {
            CallFrame::of(call).keepFailure(error);
        } catch (...) { // out of memory: the status still travels
        }
        return error == nullptr || error->status == TH_OK ? TH_UNKNOWN : error->status;
    };
    call_.option = [](const th_call* call, th_str key, std::size_t index,
                      th_value* out) noexcept -> th_status {
        try {
            return CallFrame::of(call).option(key, index, out);
        } catch (const Error& e) {
            return static_cast<th_status>(e.category());
        } catch (...) {
            return TH_INTERNAL;
        }
    };
}

void CallFrame::keepFailure(const th_error* error)
{
    expectStruct(error, "error");
    std::string message = lenientText(error->message);
    if (message.empty())
        message = "no reason given";
    if (error->sys_errno != 0)
        message = systemError(Category::Unknown, message, error->sys_errno).what();
    if (failure_) {
        log_.debug("plugin failed a call again",
                   {{"plugin", pluginId_}, {"call", what_}, {"message", message}});
        return;
    }
    std::string field = lenientText(error->field);
    const std::string full_key = pluginId_ + "." + field;
    if (std::any_of(options_.begin(), options_.end(), [&](const OptionSpec& o) { return o.key == full_key; }))
        field = full_key;
    failure_.emplace(toCategory(error->status), "plugin " + pluginId_ + ": " + message,
                     lenientText(error->hint), field);
}

const Value* CallFrame::effective(const OptionSpec& spec)
{
    if (context_.option) {
        auto value = context_.option(spec.key);
        return value ? &values_.emplace_back(std::move(*value)) : nullptr;
    }
    return spec.defaultText ? &values_.emplace_back(settings::parseValue(spec, *spec.defaultText, "/"))
                            : nullptr;
}

th_status CallFrame::option(th_str key, std::size_t index, th_value* out)
{
    if (out == nullptr)
        return TH_INVALID_ARGUMENT;
    const std::string full_key = pluginId_ + "." + takeText(key, "option key");
    const auto spec = std::find_if(options_.begin(), options_.end(),
                                   [&](const OptionSpec& o) { return o.key == full_key; });
    if (spec == options_.end())
        return TH_NOT_FOUND;
    const Value* value = effective(*spec);
    if (value == nullptr)
        return TH_NOT_FOUND;
    *out = th_value{};
    return toValue(*spec, *value, index, *out);
}

void CallFrame::finish(th_status status, const Sink* sink) const
{
    if (sink != nullptr) {
        try {
            sink->rethrow();
        } catch (const Error& e) {
            throw Error(e.category(),
                        "plugin " + pluginId_ + " gave a wrong answer to " + what_ + ": " + e.what(),
                        e.hint(), e.field());
        }
    }
    if (status == TH_OK)
        return;
    const Category category = toCategory(status);
    if (failure_) // the status returned counts; the words are those of the first fail
        throw Error(category, failure_->what(), failure_->hint(), failure_->field());
    throw Error(category, "plugin " + pluginId_ + " failed to " + what_ + " with " +
                              std::string(categoryName(category)) + " and no reason given");
}

} // namespace teehost::plugin
