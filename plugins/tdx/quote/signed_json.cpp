// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/signed_json.h"

#include <optional>

#include <teehost/kit/input_error.h>

namespace teehost::tdx {
namespace {

using kit::InputError;

/// Finds where values begin and end. What is in them is another's business.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] std::size_t at() const noexcept { return at_; }

    /// The next byte that is not white space (RFC 8259, section 2), without taking it; NUL at the end.
    char peek() noexcept
    {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    void expect(char wanted)
    {
        if (peek() != wanted || at_ == text_.size())
            fail(std::string("no ") + wanted);
        ++at_;
    }
    /// What is between the quotes, escapes as they are.
    std::string_view string()
    {
        expect('"');
        const std::size_t start = at_;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_)
            if (text_[at_] == '\\')
                ++at_;
        if (at_ >= text_.size())
            fail("text without an end");
        return text_.substr(start, at_++ - start);
    }
    /// A value with all that is in it.
    std::string_view value()
    {
        constexpr std::size_t kMostDepth = 32;
        peek();
        const std::size_t start = at_;
        std::string closers; // of what is open
        do {
            switch (const char c = peek()) {
            case '"':
                static_cast<void>(string());
                break;
            case '{':
            case '[':
                closers += c == '{' ? '}' : ']';
                if (closers.size() > kMostDepth)
                    fail("more than 32 levels");
                ++at_;
                break;
            case '}':
            case ']':
                if (closers.empty() || closers.back() != c)
                    fail("a bracket that closes nothing");
                closers.pop_back();
                ++at_;
                break;
            default:
                if (at_ >= text_.size() || (closers.empty() && (c == ',' || c == ':')))
                    fail("a value without an end");
                ++at_;
            }
        } while (!closers.empty() || isWithinLiteral());
        return text_.substr(start, at_ - start);
    }
    [[noreturn]] void fail(const std::string& what) const
    {
        throw InputError("COLLATERAL", "a document of JSON has " + what, at_);
    }

private:
    /// Of a number, or true, false, null.
    [[nodiscard]] bool isWithinLiteral() const noexcept
    {
        const auto isOfWord = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                   c == '+' || c == '-';
        };
        return at_ > 0 && at_ < text_.size() && isOfWord(text_[at_ - 1]) && isOfWord(text_[at_]);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

kit::Bytes readSignature(std::string_view value)
{
    constexpr std::size_t kSignature = 64; // r and s
    if (value.size() < 2 || value.front() != '"')
        return {};
    auto bytes = kit::fromHex(value.substr(1, value.size() - 2));
    return bytes && bytes->size() == kSignature ? *std::move(bytes) : kit::Bytes();
}

} // namespace

SignedJson SignedJson::read(std::string_view text)
{
    Scanner in(text);
    std::optional<Kind> kind;
    std::optional<kit::Bytes> signature;
    SignedJson out;
    in.expect('{');
    for (bool more = in.peek() != '}'; more;) {
        const std::string_view key = in.string();
        in.expect(':');
        const bool isObject = in.peek() == '{';
        const std::size_t at = in.at();
        const std::string_view value = in.value();
        if (key == "tcbInfo" || key == "enclaveIdentity") {
            if (kind || !isObject)
                in.fail("two documents in one, or one that is no object");
            kind = key == "tcbInfo" ? Kind::TcbInfo : Kind::QeIdentity;
            out.at_ = at;
            out.length_ = value.size();
        } else if (key == "signature") {
            if (signature)
                in.fail("two signatures");
            signature = readSignature(value);
        }
        more = in.peek() == ',';
        if (more)
            in.expect(',');
    }
    in.expect('}');
    if (in.peek() != '\0' || !kit::isZero(kit::viewOf(text.substr(in.at()))))
        in.fail("something behind its end");
    if (!kind)
        in.fail("neither TCB info nor an enclave's identity in it");
    out.text_ = text;
    out.kind_ = *kind;
    out.signature_ = std::move(signature).value_or(kit::Bytes());
    return out;
}

} // namespace teehost::tdx
