// SPDX-License-Identifier: Apache-2.0
//
// What a plugin hands over, made from fields of the input, lies included. A field that is one of these words
// lies:
//
//     text    !null  a null pointer with a length      !long  more than there is
//     count   !null  a null pointer with a count       !max   more than there is
//             !most  4000 elements                     !many  5000 elements: those exist
//     struct  !null  a null pointer                    a number: its struct_size
//
// Otherwise a text is itself, a count is followed by that many elements, and a struct has its size.
#pragma once

#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "teehost/plugin.h"
#include "tests/fuzz/input.h"

namespace teehost::fuzz {

template <class T>
struct Span {
    const T* ptr = nullptr;
    std::size_t count = 0;
};

/// Owns what it hands out. A sink copies before it returns, so this may go away before the sink is finished.
class PluginValues {
public:
    explicit PluginValues(Input& in) : in_(in) {}

    th_str text()
    {
        const std::string& kept = keep();
        if (kept == "!null")
            return {nullptr, 3};
        return {kept.data(), kept == "!long" ? SIZE_MAX : kept.size()};
    }
    th_bytes bytes()
    {
        const th_str view = text();
        return {reinterpret_cast<const std::uint8_t*>(view.ptr), view.len};
    }
    th_value value()
    {
        th_value out{};
        out.type = static_cast<th_type>(in_.number());
        out.u = in_.number();
        out.i = static_cast<std::int64_t>(out.u);
        out.s = text();
        out.b = {reinterpret_cast<const std::uint8_t*>(out.s.ptr), out.s.len};
        return out;
    }
    th_named named()
    {
        const th_str key = text();
        return {key, value()};
    }

    Span<th_str> texts()
    {
        return list(lists_, th_str{"x", 1}, [this] { return text(); });
    }
    Span<th_kv> properties()
    {
        return list(pairLists_, th_kv{{"x", 1}, {"x", 1}}, [this] {
            const th_str key = text();
            return th_kv{key, text()};
        });
    }

    /// `made`, in memory of its own that ends where struct_size says, for a sanitizer to see a read past it.
    template <class T>
    const T* sized(T made)
    {
        const std::string size = in_.text();
        if (size == "!null")
            return nullptr;
        made.struct_size = sizeof made;
        if (!size.empty())
            std::from_chars(size.data(), size.data() + size.size(), made.struct_size);
        const auto bytes = std::clamp<std::size_t>(made.struct_size, sizeof made.struct_size, sizeof made);
        auto& memory = structs_.emplace_back(new std::uint8_t[bytes]);
        std::memcpy(memory.get(), &made, bytes);
        return reinterpret_cast<const T*>(memory.get());
    }

private:
    static constexpr std::size_t kMaxElements = 16; // of lists that are spelled out

    const std::string& keep() { return texts_.emplace_back(in_.text()); }

    template <class T, class Next>
    Span<T> list(std::deque<std::vector<T>>& kept, const T& element, Next next)
    {
        static const std::vector<T> many(5000, element);
        const std::string count = in_.text();
        if (count == "!null")
            return {nullptr, 3};
        if (count == "!max")
            return {many.data(), SIZE_MAX};
        if (count == "!most" || count == "!many")
            return {many.data(), count == "!most" ? 4000u : 5000u};
        std::size_t elements = 0;
        std::from_chars(count.data(), count.data() + count.size(), elements);
        auto& out = kept.emplace_back();
        for (std::size_t i = std::min(elements, kMaxElements); i > 0; --i)
            out.push_back(next());
        return {out.data(), out.size()};
    }

    Input& in_;
    std::deque<std::string> texts_; // a deque does not move what it holds
    std::deque<std::vector<th_str>> lists_;
    std::deque<std::vector<th_kv>> pairLists_;
    std::deque<std::unique_ptr<std::uint8_t[]>> structs_;
};

/// Nothing a plugin says is a bug of ours, and nothing that is not a status comes back.
inline void requireStatus(th_status status)
{
    require(status >= TH_OK && status <= TH_UNAUTHENTICATED, "a sink answers with a status");
    require(status != TH_INTERNAL, "what a plugin says is no bug of the host");
}

} // namespace teehost::fuzz
