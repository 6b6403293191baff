// SPDX-License-Identifier: Apache-2.0
//
// JSON (RFC 8259) read in place, for documents that are read once and by the names of their members: values
// are views of the text, and one allocation holds them all. It takes what parseJson takes (json.h), which
// copies each value, and a test holds the two against each other.
//
//     const auto document = JsonDocument::parse(text, "the TCB info");
//     if (const JsonView* id = document.root().member("id"); id != nullptr && id->isText()) ...
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "teehost/kit/reader.h"

namespace teehost::kit {

/// A value of a document, which lives as long as that. Members and elements stand behind their owner.
class JsonView {
public:
    enum class Kind : std::uint8_t { Null, Boolean, Number, Text, List, Object };

    JsonView() = default;
    // A copy would stand apart from its members; a document moves its values all together.
    JsonView(const JsonView&) = delete;
    JsonView& operator=(const JsonView&) = delete;
    JsonView(JsonView&&) = default;
    JsonView& operator=(JsonView&&) = default;

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool isText() const noexcept { return kind_ == Kind::Text; }
    [[nodiscard]] bool isList() const noexcept { return kind_ == Kind::List; }
    [[nodiscard]] bool isObject() const noexcept { return kind_ == Kind::Object; }

    /// The value of a text, without escapes; else empty.
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    /// The value of a number that is written without sign, fraction and exponent, and has 64 bits at most.
    [[nodiscard]] std::optional<std::uint64_t> number() const noexcept
    {
        return isUnsigned_ ? std::optional(number_) : std::nullopt;
    }
    [[nodiscard]] bool boolean() const noexcept { return kind_ == Kind::Boolean && number_ != 0; }
    /// The name of this member of an object; else empty.
    [[nodiscard]] std::string_view name() const noexcept { return name_; }

    /// How many members or elements there are.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The member of that name; null when there is none, or this is no object.
    [[nodiscard]] const JsonView* member(std::string_view name) const noexcept;
    /// Calls `take` with each member or element, in the order of the text.
    template <class Take>
    void each(Take&& take) const
    {
        for (const JsonView* one = this + 1; one != this + count_; one += one->count_)
            take(*one);
    }

private:
    friend class JsonScanner;

    std::string_view name_, text_;
    std::uint64_t number_ = 0;
    std::size_t size_ = 0;
    std::size_t count_ = 1; ///< of the values that this and all in it are
    Kind kind_ = Kind::Null;
    bool isUnsigned_ = false;
};

/// Movable: views of it stay good.
class JsonDocument {
public:
    /// Text of at most 32 levels, in UTF-8; no name stands twice in an object. ParseError otherwise, with
    /// `what` as the name of the text. `text` must outlive the document.
    [[nodiscard]] static JsonDocument parse(std::string_view text, std::string_view what);

    JsonDocument(const JsonDocument&) = delete;
    JsonDocument& operator=(const JsonDocument&) = delete;
    JsonDocument(JsonDocument&&) = default;
    JsonDocument& operator=(JsonDocument&&) = default;

    [[nodiscard]] const JsonView& root() const noexcept { return values_.front(); }

private:
    friend class JsonScanner;
    JsonDocument() = default;

    std::vector<JsonView> values_;      ///< each before those in it
    std::deque<std::string> unescaped_; ///< texts that are not as they are written
};

} // namespace teehost::kit
