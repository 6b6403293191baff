// SPDX-License-Identifier: Apache-2.0
//
// Members of a JSON object that must be there and of one type, for the documents Intel signs. A member that
// is not known is left alone: Intel adds some.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <teehost/kit/bytes.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/json_view.h>
#include <teehost/kit/time.h>

namespace teehost::tdx {

class JsonFields {
public:
    /// `reason` is what a refusal is thrown for, `name` what it calls the object; both and the object must
    /// outlive this.
    JsonFields(const kit::JsonView& object, std::string_view reason, std::string_view name)
        : JsonFields(object, reason, name, nullptr, std::nullopt)
    {
    }

    [[nodiscard]] bool has(std::string_view key) const { return object_.member(key) != nullptr; }

    [[nodiscard]] std::string_view text(std::string_view key) const
    {
        const kit::JsonView& value = at(key);
        if (!value.isText())
            fail(key, "text");
        return value.text();
    }
    [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t most) const
    {
        const auto number = at(key).number();
        if (!number || *number > most)
            fail(key, "a number from 0 to " + std::to_string(most));
        return *number;
    }
    /// Hexadecimal of either case.
    template <std::size_t N>
    [[nodiscard]] std::array<std::uint8_t, N> bytes(std::string_view key) const
    {
        const auto decoded = kit::fromHex(text(key));
        if (!decoded || decoded->size() != N)
            fail(key, std::to_string(N) + " bytes in hexadecimal");
        std::array<std::uint8_t, N> out;
        std::copy(decoded->begin(), decoded->end(), out.begin());
        return out;
    }
    [[nodiscard]] kit::UnixSeconds time(std::string_view key) const
    {
        const auto at_time = kit::timeFromText(text(key));
        if (!at_time)
            fail(key, "a time like 2025-06-19T10:16:03Z");
        return *at_time;
    }
    /// This must outlive what is returned.
    [[nodiscard]] JsonFields object(std::string_view key) const
    {
        return {at(key), reason_, key, this, std::nullopt};
    }
    /// Calls `take` with the members of each object of a list of `most` at most.
    template <class Take>
    void each(std::string_view key, std::size_t most, Take&& take) const
    {
        const kit::JsonView& list = at(key);
        if (!list.isList() || list.size() > most)
            fail(key, "a list of at most " + std::to_string(most));
        std::size_t place = 0;
        list.each([&](const kit::JsonView& one) { take(JsonFields(one, reason_, key, this, place++)); });
    }
    [[nodiscard]] const kit::JsonView& at(std::string_view key) const
    {
        const kit::JsonView* value = object_.member(key);
        if (value == nullptr)
            throw kit::InputError(reason_, path() + " has no " + std::string(key));
        return *value;
    }
    [[noreturn]] void fail(std::string_view key, const std::string& wanted) const
    {
        throw kit::InputError(reason_, path() + "." + std::string(key) + " is not " + wanted);
    }

private:
    JsonFields(const kit::JsonView& object, std::string_view reason, std::string_view name,
               const JsonFields* owner, std::optional<std::size_t> place)
        : object_(object), reason_(reason), name_(name), owner_(owner), place_(place)
    {
        if (!object.isObject())
            throw kit::InputError(reason_, path() + " is not an object");
    }
    /// "tcbInfo.tcbLevels[2].tcb"
    [[nodiscard]] std::string path() const
    {
        return (owner_ == nullptr ? "" : owner_->path() + ".") + std::string(name_) +
               (place_ ? "[" + std::to_string(*place_) + "]" : "");
    }

    const kit::JsonView& object_;
    std::string_view reason_, name_;
    const JsonFields* owner_;          ///< null for the document itself
    std::optional<std::size_t> place_; ///< in a list
};

} // namespace teehost::tdx
