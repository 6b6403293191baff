// SPDX-License-Identifier: Apache-2.0
//
// Members of a JSON object that must be there and of one type, for the documents Intel signs. A member that
// is not known is left alone: Intel adds some.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <teehost/kit/bytes.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/json.h>
#include <teehost/kit/time.h>

namespace teehost::tdx {

class JsonFields {
public:
    /// `reason` is what a refusal is thrown for, `path` what it names; the object must outlive this.
    JsonFields(const kit::Json& object, std::string_view reason, std::string path)
        : object_(object), reason_(reason), path_(std::move(path))
    {
        if (!object.is_object())
            throw kit::InputError(reason_, path_ + " is not an object");
    }

    [[nodiscard]] bool has(const char* key) const { return object_.contains(key); }

    [[nodiscard]] const std::string& text(const char* key) const
    {
        const kit::Json& value = at(key);
        if (!value.is_string())
            fail(key, "text");
        return value.get_ref<const std::string&>();
    }
    [[nodiscard]] std::uint64_t number(const char* key, std::uint64_t most) const
    {
        const kit::Json& value = at(key);
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
            fail(key, "a number from 0 to " + std::to_string(most));
        return value.get<std::uint64_t>();
    }
    /// Hexadecimal of either case.
    template <std::size_t N>
    [[nodiscard]] std::array<std::uint8_t, N> bytes(const char* key) const
    {
        const auto decoded = kit::fromHex(text(key));
        if (!decoded || decoded->size() != N)
            fail(key, std::to_string(N) + " bytes in hexadecimal");
        std::array<std::uint8_t, N> out;
        std::copy(decoded->begin(), decoded->end(), out.begin());
        return out;
    }
    [[nodiscard]] kit::UnixSeconds time(const char* key) const
    {
        const auto at_time = kit::timeFromText(text(key));
        if (!at_time)
            fail(key, "a time like 2025-06-19T10:16:03Z");
        return *at_time;
    }
    [[nodiscard]] JsonFields object(const char* key) const { return {at(key), reason_, path_ + "." + key}; }
    /// Calls `take` with the members of each object of a list of `most` at most.
    template <class Take>
    void each(const char* key, std::size_t most, Take&& take) const
    {
        const kit::Json& list = at(key);
        if (!list.is_array() || list.size() > most)
            fail(key, "a list of at most " + std::to_string(most));
        for (std::size_t i = 0; i < list.size(); ++i)
            take(JsonFields(list[i], reason_, path_ + "." + key + "[" + std::to_string(i) + "]"));
    }
    [[nodiscard]] const kit::Json& at(const char* key) const
    {
        const auto it = object_.find(key);
        if (it == object_.end())
            throw kit::InputError(reason_, path_ + " has no " + key);
        return *it;
    }
    [[noreturn]] void fail(const char* key, const std::string& wanted) const
    {
        throw kit::InputError(reason_, path_ + "." + key + " is not " + wanted);
    }

private:
    const kit::Json& object_;
    std::string_view reason_;
    std::string path_;
};

} // namespace teehost::tdx
