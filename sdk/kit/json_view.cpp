// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/json_view.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace teehost::kit {

/// Reads a text into a document, front to back.
class JsonScanner {
public:
    JsonScanner(std::string_view text, std::string_view what, JsonDocument& out)
        : text_(text), what_(what), out_(out)
    {
    }

    void run()
    {
        out_.values_.reserve(text_.size() / 12 + 1); // a member of Intel's documents has 15 bytes at least
        value({}, 0);
        skipBlanks();
        if (at_ != text_.size())
            fail();
    }

private:
    static constexpr std::size_t kMostDepth = 32;

    [[noreturn]] void fail() const
    {
        throw ParseError(std::string(what_) + " is not JSON, at byte " + std::to_string(at_ + 1), at_ + 1);
    }
    [[noreturn]] void refuse(const std::string& why) const
    {
        throw ParseError(std::string(what_) + " " + why, at_);
    }

    /// The next byte, without taking it; NUL at the end, and no JSON has one.
    [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skipBlanks() noexcept
    {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
            ++at_;
    }
    void expect(char wanted)
    {
        if (peek() != wanted)
            fail();
        ++at_;
    }
    void word(std::string_view wanted)
    {
        if (!text_.substr(at_).starts_with(wanted))
            fail();
        at_ += wanted.size();
    }

    void value(std::string_view name, std::size_t depth)
    {
        skipBlanks();
        const std::size_t self = out_.values_.size();
        JsonView& its = out_.values_.emplace_back();
        its.name_ = name;
        switch (peek()) {
        case '{':
            return object(self, depth + 1);
        case '[':
            return list(self, depth + 1);
        case '"':
            its.kind_ = JsonView::Kind::Text;
            its.text_ = string();
            return;
        case 'n':
            return word("null");
        case 't':
        case 'f':
            its.kind_ = JsonView::Kind::Boolean;
            its.number_ = peek() == 't' ? 1 : 0;
            return word(peek() == 't' ? "true" : "false");
        default:
            return number(its);
        }
    }

    void expectDepth(std::size_t depth) const
    {
        if (depth > kMostDepth)
            refuse("is nested more than 32 levels deep");
    }
    void close(std::size_t self, JsonView::Kind kind, std::size_t size)
    {
        JsonView& its = out_.values_[self];
        its.kind_ = kind;
        its.size_ = size;
        its.count_ = out_.values_.size() - self;
    }

    void object(std::size_t self, std::size_t depth)
    {
        expectDepth(depth);
        expect('{');
        std::size_t size = 0;
        for (skipBlanks(); peek() != '}'; skipBlanks()) {
            if (size++ != 0) {
                expect(',');
                skipBlanks();
            }
            const std::string_view name = string();
            skipBlanks();
            expect(':');
            value(name, depth);
        }
        ++at_;
        close(self, JsonView::Kind::Object, size);
        expectNamesOnce(out_.values_[self]);
    }
    void list(std::size_t self, std::size_t depth)
    {
        expectDepth(depth);
        expect('[');
        std::size_t size = 0;
        for (skipBlanks(); peek() != ']'; skipBlanks()) {
            if (size++ != 0)
                expect(',');
            value({}, depth);
        }
        ++at_;
        close(self, JsonView::Kind::List, size);
    }

    /// By sorting them: comparing each with each would take a hostile object too long.
    void expectNamesOnce(const JsonView& object)
    {
        names_.clear();
        object.each([&](const JsonView& one) { names_.push_back(one.name()); });
        std::sort(names_.begin(), names_.end());
        if (std::adjacent_find(names_.begin(), names_.end()) != names_.end())
            refuse("says one thing twice: a key stands twice in an object");
    }

    /// The text between quotes, as a view of what is written or of what its escapes stand for.
    std::string_view string()
    {
        expect('"');
        const std::size_t start = at_;
        while (true) {
            const char c = peek();
            if (c == '"')
                return text_.substr(start, at_++ - start);
            if (c == '\\')
                return unescaped(text_.substr(start, at_ - start));
            character();
        }
    }
    /// Goes on where the first escape is.
    std::string_view unescaped(std::string_view before)
    {
        std::string& out = out_.unescaped_.emplace_back(before);
        for (char c = peek(); c != '"'; c = peek()) {
            if (c == '\\') {
                escape(out);
                continue;
            }
            const std::size_t start = at_;
            character();
            out += text_.substr(start, at_ - start);
        }
        ++at_;
        return out;
    }
    /// Takes a character of UTF-8 (RFC 3629, section 4) that is no control character.
    void character()
    {
        const auto lead = static_cast<unsigned char>(peek());
        if (lead < 0x20)
            fail(); // the end too
        ++at_;
        if (lead < 0x80)
            return;
        if (lead >= 0xc2 && lead <= 0xdf)
            return tail(0x80, 0xbf);
        if (lead >= 0xe0 && lead <= 0xef) {
            tail(lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf); // no surrogates
            return tail(0x80, 0xbf);
        }
        if (lead < 0xf0 || lead > 0xf4)
            fail();
        tail(lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf); // U+10FFFF is the last
        tail(0x80, 0xbf);
        tail(0x80, 0xbf);
    }
    void tail(unsigned char least, unsigned char most)
    {
        const auto byte = static_cast<unsigned char>(peek());
        if (byte < least || byte > most)
            fail();
        ++at_;
    }
    void escape(std::string& out)
    {
        constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
        ++at_;
        const char letter = peek();
        if (letter == 'u')
            return codePoint(out);
        const std::size_t which = kLetters.find(letter);
        if (letter == '\0' || which == std::string_view::npos)
            fail();
        out += kMeanings[which];
        ++at_;
    }
    std::uint32_t codeUnit()
    {
        expect('u');
        std::uint32_t unit = 0;
        const std::string_view digits = text_.substr(at_, 4);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
        if (digits.size() != 4 || error != std::errc() || end != digits.data() + digits.size())
            fail();
        at_ += 4;
        return unit;
    }
    /// One code unit, or the two of a surrogate pair (RFC 8259, section 7).
    void codePoint(std::string& out)
    {
        std::uint32_t point = codeUnit();
        if (point >= 0xdc00 && point <= 0xdfff)
            fail();
        if (point >= 0xd800 && point <= 0xdbff) {
            expect('\\');
            const std::uint32_t low = codeUnit();
            if (low < 0xdc00 || low > 0xdfff)
                fail();
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        }
        const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
        if (point < 0x80) {
            put(point);
        } else if (point < 0x800) {
            put(0xc0 | point >> 6);
            put(0x80 | (point & 0x3f));
        } else {
            if (point < 0x10000) {
                put(0xe0 | point >> 12);
            } else {
                put(0xf0 | point >> 18);
                put(0x80 | (point >> 12 & 0x3f));
            }
            put(0x80 | (point >> 6 & 0x3f));
            put(0x80 | (point & 0x3f));
        }
    }

    std::size_t digits()
    {
        const std::size_t start = at_;
        while (peek() >= '0' && peek() <= '9')
            ++at_;
        if (at_ == start)
            fail();
        return at_ - start;
    }
    void number(JsonView& its)
    {
        its.kind_ = JsonView::Kind::Number;
        const std::size_t start = at_;
        bool isInteger = peek() != '-';
        at_ += isInteger ? 0 : 1;
        if (peek() == '0')
            ++at_;
        else
            static_cast<void>(digits());
        if (peek() == '.') {
            isInteger = false;
            ++at_;
            static_cast<void>(digits());
        }
        if (peek() == 'e' || peek() == 'E') {
            isInteger = false;
            ++at_;
            if (peek() == '+' || peek() == '-')
                ++at_;
            static_cast<void>(digits());
        }
        const std::string_view written = text_.substr(start, at_ - start);
        if (isInteger)
            its.isUnsigned_ =
                std::from_chars(written.data(), written.data() + written.size(), its.number_).ec ==
                std::errc();
        if (!its.isUnsigned_ && !std::isfinite(std::strtod(std::string(written).c_str(), nullptr)))
            fail(); // as many readers do
    }

    std::string_view text_, what_;
    JsonDocument& out_;
    std::size_t at_ = 0;
    std::vector<std::string_view> names_; ///< of one object after the other
};

const JsonView* JsonView::member(std::string_view name) const noexcept
{
    if (!isObject())
        return nullptr;
    for (const JsonView* one = this + 1; one != this + count_; one += one->count_)
        if (one->name_ == name)
            return one;
    return nullptr;
}

JsonDocument JsonDocument::parse(std::string_view text, std::string_view what)
{
    JsonDocument out;
    JsonScanner(text, what, out).run();
    return out;
}

} // namespace teehost::kit
