// SPDX-License-Identifier: Apache-2.0
//
// Files of lines: .properties (as java.util.Properties, but a key has its separator) and .ini.
#include "host/base/text.h"
#include "host/settings/file_keys.h"
#include "host/settings/option_table.h"

namespace teehost::settings {
namespace {

bool isLineEnd(char c) { return c == '\n' || c == '\r'; }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\f' || c == '\v'; }

/// The rest of a text, and the number of its first line.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    [[nodiscard]] bool atEnd() const noexcept { return at_ == text_.size(); }
    [[nodiscard]] char peek() const { return text_[at_]; }
    [[nodiscard]] std::size_t line() const noexcept { return line_; }
    /// The next character; an end of a line, however it is written, is one '\n'.
    char get()
    {
        char c = text_[at_++];
        if (c == '\r' && !atEnd() && peek() == '\n')
            ++at_;
        if (isLineEnd(c)) {
            ++line_;
            c = '\n';
        }
        return c;
    }
    /// Skips blanks and empty lines; false at the end.
    bool skipToText()
    {
        while (!atEnd() && (isBlank(peek()) || isLineEnd(peek())))
            get();
        return !atEnd();
    }
    /// The text up to the end of the line, which stays.
    [[nodiscard]] std::string_view ahead() const
    {
        return text_.substr(at_, text_.find_first_of("\n\r", at_) - at_);
    }
    /// Takes the line up to its end, and the end too.
    std::string restOfLine()
    {
        std::string out;
        while (!atEnd() && !isLineEnd(peek()))
            out += get();
        if (!atEnd())
            get();
        return out;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0, line_ = 1;
};

char escaped(char c)
{
    switch (c) {
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 'f':
        return '\f';
    default:
        return c;
    }
}

/// The key of a line that is more likely to be a setting than the rest of a value: that of an option of the
/// host, or one written as the shipped file writes those of plugins, `name.name = value`. A kernel parameter
/// such as systemd.unit=rescue.target is none.
std::string settingIn(std::string_view line)
{
    static const OptionTable known = hostOptions();
    const auto separator = line.find_first_of("=:");
    if (separator == std::string_view::npos)
        return {};
    const auto before = line.substr(0, separator);
    const std::string key(trim(before));
    const bool dottedName =
        key.find('.') != std::string::npos &&
        key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") == std::string::npos;
    const bool spaced = !before.empty() && isBlank(before.back()) && line[separator] == '=';
    return known.find(key) != nullptr || (dottedName && spaced) ? key : std::string();
}

/// Reads up to an end of a line that has no backslash before it. Refuses a backslash that takes in the next
/// setting: it would be lost in silence.
std::string escapedValue(Cursor& in, FileKeys& keys)
{
    std::string value;
    while (!in.atEnd()) {
        const auto line = in.line();
        const char c = in.get();
        if (c == '\n')
            break;
        if (c != '\\') {
            value += c;
        } else if (!in.atEnd()) {
            if (const char next = in.get(); next != '\n')
                value += escaped(next);
            else if (const auto swallowed = settingIn(in.ahead()); !swallowed.empty())
                keys.refuse(
                    "the backslash at the end takes in the next line, which looks like the setting " +
                        printable(swallowed),
                    line,
                    "remove the backslash, or write two when the value ends with one; a value that goes "
                    "on like that must be on one line");
        }
    }
    return value;
}

void addLine(FileKeys& keys, const std::string& section, const std::string& key, const std::string& value,
             std::size_t line)
{
    if (key.empty())
        keys.refuse("there is no key before the separator", line, "write it as key = value");
    else
        keys.add(dotted(section, key), std::string(trim(value)), line);
}

void refuseLine(FileKeys& keys, std::string_view text, std::size_t line, bool sections)
{
    constexpr std::size_t kShownBytes = 60;
    const auto shown = "\"" + printable(trim(text).substr(0, kShownBytes)) + "\"";
    if (text.starts_with('[') && !sections)
        keys.refuse(shown + " begins a section, which only .ini files have", line,
                    "write whole keys, such as vm.max = 10, or name the file .ini");
    else
        keys.refuse(shown + " is not of the form key = value", line, "a remark begins with #");
}

} // namespace

void readProperties(std::string_view text, FileKeys& keys)
{
    Cursor in(text);
    while (in.skipToText()) {
        const auto line = in.line();
        if (in.peek() == '#' || in.peek() == '!') {
            in.restOfLine();
            continue;
        }
        std::string key;
        while (!in.atEnd() && in.peek() != '=' && in.peek() != ':' && !isLineEnd(in.peek()))
            key += in.get();
        if (in.atEnd() || isLineEnd(in.peek())) {
            refuseLine(keys, key, line, false);
            continue;
        }
        in.get();
        addLine(keys, {}, std::string(trim(key)), escapedValue(in, keys), line);
    }
}

void readIni(std::string_view text, FileKeys& keys)
{
    Cursor in(text);
    std::string section;
    while (in.skipToText()) {
        const auto line = in.line();
        const std::string content(trim(in.restOfLine()));
        if (content.front() == ';' || content.front() == '#')
            continue;
        if (content.front() == '[') {
            if (content.back() != ']')
                refuseLine(keys, content, line, true);
            else
                section = trim(std::string_view(content).substr(1, content.size() - 2));
            continue;
        }
        const auto equals = content.find('=');
        if (equals == std::string::npos)
            refuseLine(keys, content, line, true);
        else
            addLine(keys, section, std::string(trim(content.substr(0, equals))), content.substr(equals + 1),
                    line);
    }
}

} // namespace teehost::settings
