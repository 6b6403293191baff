// SPDX-License-Identifier: Apache-2.0
#include "teehost/kit/json.h"

#include <string>
#include <utility>
#include <vector>

namespace teehost::kit {
namespace {

constexpr std::size_t kMostDepth = 32;

/// Makes a document of what nlohmann's parser reads, as its own does, and stops where that goes on.
class StrictDocument final : public nlohmann::json_sax<Json> {
public:
    explicit StrictDocument(std::string_view what) : what_(what) {}

    [[nodiscard]] Json take() { return std::move(root_); }

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }

    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override
    {
        const auto [it, isNew] = open_.back()->get_ref<Json::object_t&>().emplace(std::move(name), nullptr);
        if (!isNew)
            throw refusal("says one thing twice: a key stands twice in an object");
        member_ = &it->second;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override
    {
        throw ParseError(std::string(what_) + " is not JSON, at byte " + std::to_string(position), position);
    }

private:
    [[nodiscard]] ParseError refusal(const std::string& why) const
    {
        return {std::string(what_) + " " + why, 0};
    }
    Json& place(Json value)
    {
        if (open_.empty())
            return root_ = std::move(value);
        if (open_.back()->is_array())
            return open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
        return *member_ = std::move(value);
    }
    bool put(Json value)
    {
        place(std::move(value));
        return true;
    }
    bool open(Json container)
    {
        if (open_.size() == kMostDepth)
            throw refusal("is nested more than 32 levels deep");
        open_.push_back(&place(std::move(container)));
        return true;
    }
    bool close()
    {
        open_.pop_back();
        return true;
    }

    std::string_view what_;
    Json root_;
    std::vector<Json*> open_; ///< objects and arrays, the innermost last; nothing is added to the others
    Json* member_ = nullptr;  ///< of the innermost object, whose value comes next
};

} // namespace

Json parseJson(std::string_view text, std::string_view what)
{
    StrictDocument document(what);
    if (!Json::sax_parse(text, &document))
        throw ParseError(std::string(what) + " is not JSON", 0);
    return document.take();
}

} // namespace teehost::kit
