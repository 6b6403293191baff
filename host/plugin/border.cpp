// SPDX-License-Identifier: Apache-2.0
#include "host/plugin/border.h"

#include <algorithm>
#include <cctype>

#include "host/base/text.h"

namespace teehost::plugin {

namespace {

[[noreturn]] void refuse(Category category, std::string_view what, const std::string& why)
{
    throw Error(category, std::string(what) + " " + why);
}

bool isWord(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
    });
}

void expectCount(const void* list, std::size_t count, std::string_view what)
{
    if (count > kMaxItems)
        refuse(Category::ResourceExhausted, what,
               "has " + std::to_string(count) + " elements; at most " + std::to_string(kMaxItems) +
                   " are taken");
    if (list == nullptr && count != 0)
        refuse(Category::InvalidArgument, what, "is a null pointer with a count of " + std::to_string(count));
}

} // namespace

std::string takeText(th_str text, std::string_view what)
{
    if (text.len > kMaxText)
        refuse(Category::ResourceExhausted, what,
               "is " + std::to_string(text.len) + " bytes long; at most " + std::to_string(kMaxText) +
                   " are taken");
    if (text.len == 0)
        return {};
    if (text.ptr == nullptr)
        refuse(Category::InvalidArgument, what, "is a null pointer with a length");
    std::string copy(text.ptr, text.len);
    if (copy.find('\0') != std::string::npos)
        refuse(Category::InvalidArgument, what, "has a NUL inside");
    if (!isUtf8(copy))
        refuse(Category::InvalidArgument, what, "is not UTF-8");
    return copy;
}

std::string takeName(th_str text, std::string_view what)
{
    std::string name = takeText(text, what);
    if (name.empty())
        refuse(Category::InvalidArgument, what, "is empty");
    return name;
}

Bytes takeBytes(th_bytes bytes, std::string_view what)
{
    if (bytes.len > kMaxBytes)
        refuse(Category::ResourceExhausted, what,
               "is " + std::to_string(bytes.len) + " bytes long; at most " + std::to_string(kMaxBytes) +
                   " are taken");
    if (bytes.len == 0)
        return {};
    if (bytes.ptr == nullptr)
        refuse(Category::InvalidArgument, what, "is a null pointer with a length");
    return Bytes(bytes.ptr, bytes.ptr + bytes.len);
}

std::vector<std::string> takeTexts(const th_str* list, std::size_t count, std::string_view what)
{
    expectCount(list, count, what);
    std::vector<std::string> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(takeText(list[i], what));
    return out;
}

Properties takeProperties(const th_kv* list, std::size_t count, std::string_view what)
{
    expectCount(list, count, what);
    Properties out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        Property property{takeName(list[i].key, what), takeText(list[i].value, what)};
        if (!isWord(property.key))
            refuse(Category::InvalidArgument, what,
                   "has the key \"" + printable(property.key) + "\"; keys are letters, digits and ._-");
        for (const Property& other : out)
            if (other.key == property.key)
                refuse(Category::AlreadyExists, what, "has the key \"" + property.key + "\" twice");
        out.push_back(std::move(property));
    }
    return out;
}

ClaimValue takeClaim(const th_value& value, std::string_view what)
{
    switch (value.type) {
    case TH_T_NONE:
        return std::monostate();
    case TH_T_BOOL:
        return value.u != 0;
    case TH_T_INT:
        return value.i;
    case TH_T_UINT:
        return value.u;
    case TH_T_STRING:
        return takeText(value.s, what);
    case TH_T_BYTES:
        return takeBytes(value.b, what);
    default:
        refuse(Category::Unimplemented, what,
               "has a value of type " + std::to_string(value.type) +
                   "; bool, int, uint, string and bytes are taken");
    }
}

Named takeNamed(const th_named& named, std::string_view what)
{
    Named out{takeName(named.key, what), takeClaim(named.value, what)};
    if (std::holds_alternative<std::monostate>(out.value))
        refuse(Category::InvalidArgument, what, "\"" + printable(out.key) + "\" has no value");
    return out;
}

Register takeRegister(th_str name, th_alg alg, th_bytes digest, std::string_view what)
{
    Register out;
    out.name = takeName(name, what);
    switch (alg) {
    case TH_ALG_SHA1:
    case TH_ALG_SHA256:
    case TH_ALG_SHA384:
    case TH_ALG_SHA512:
        out.alg = static_cast<DigestAlg>(alg);
        break;
    default:
        refuse(Category::Unimplemented, what,
               "\"" + printable(out.name) + "\" has the unknown algorithm " + std::to_string(alg));
    }
    out.digest = takeBytes(digest, what);
    if (out.digest.size() != digestSize(out.alg))
        refuse(Category::InvalidArgument, what,
               "\"" + printable(out.name) + "\" has " + std::to_string(out.digest.size()) +
                   " bytes of digest; " + algName(out.alg) + " has " + std::to_string(digestSize(out.alg)));
    return out;
}

void expectSize(const std::uint32_t* struct_size, std::size_t size_of_1_0, std::string_view what)
{
    if (struct_size == nullptr)
        refuse(Category::InvalidArgument, what, "is a null pointer");
    if (*struct_size < size_of_1_0)
        refuse(Category::InvalidArgument, what,
               "has struct_size " + std::to_string(*struct_size) + "; release 1.0 has " +
                   std::to_string(size_of_1_0));
}

Category toCategory(th_status status) noexcept
{
    return status >= TH_CANCELLED && status <= TH_UNAUTHENTICATED ? static_cast<Category>(status)
                                                                  : Category::Unknown;
}

std::string lenientText(th_str text)
{
    if (text.ptr == nullptr || text.len == 0)
        return {};
    constexpr std::size_t kShown = 4096;
    return printable(std::string_view(text.ptr, std::min(text.len, kShown)));
}

bool isPluginId(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 32 || text[0] < 'a' || text[0] > 'z')
        return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

th_value giveValue(const ClaimValue& value) noexcept
{
    th_value out{};
    if (const auto* flag = std::get_if<bool>(&value)) {
        out.type = TH_T_BOOL;
        out.u = *flag ? 1 : 0;
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        out.type = TH_T_INT;
        out.i = *number;
    } else if (const auto* count = std::get_if<std::uint64_t>(&value)) {
        out.type = TH_T_UINT;
        out.u = *count;
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        out.type = TH_T_STRING;
        out.s = give(*text);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
        out.type = TH_T_BYTES;
        out.b = give(*bytes);
    }
    return out;
}

} // namespace teehost::plugin
