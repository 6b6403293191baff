// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/settings/file_keys.h"

namespace teehost::settings {
namespace {

/// Takes a document as it is parsed: a tree would have merged keys that are given twice.
class JsonKeys final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit JsonKeys(FileKeys& keys) : keys_(keys) {}

    bool null() override
    {
        return skipped_ > 0 || refuseValue("is null, which is no value", "remove the key to get the default");
    }
    bool boolean(bool value) override { return take(value ? "true" : "false"); }
    bool number_integer(number_integer_t value) override { return take(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return take(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return take(text); }
    bool string(string_t& value) override { return take(value); }
    bool binary(binary_t&) override { return false; } // JSON has none

    bool start_object(std::size_t) override
    {
        if (skipped_ > 0) {
            ++skipped_;
            return true;
        }
        if (static_cast<int>(open_.size()) > kMaxFileDepth)
            throw InvalidArgument("the settings are nested deeper than " + std::to_string(kMaxFileDepth) +
                                  " levels");
        open_.push_back({open_.empty() ? "" : key(), {}, true});
        return true;
    }
    bool key(string_t& name) override
    {
        if (skipped_ == 0) {
            open_.back().name = name;
            open_.back().empty = false;
        }
        return true;
    }
    bool end_object() override
    {
        if (skipped_ > 0) {
            --skipped_;
            return true;
        }
        const bool lost = open_.back().empty && open_.size() > 1;
        open_.pop_back();
        return !lost || refuseValue("is an object with nothing in it, which is no value",
                                    "remove the key to get the default");
    }
    bool start_array(std::size_t) override
    {
        if (open_.empty())
            throw InvalidArgument("the settings are an array", {},
                                  "write them as one object: {\"vm.max\": 10}");
        if (skipped_++ == 0)
            refuseValue("is an array, which is no value", "write a list as one string, separated by commas");
        return true;
    }
    bool end_array() override
    {
        --skipped_;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override
    {
        throw InvalidArgument(printable(error.what()));
    }

private:
    struct Object {
        std::string prefix, name;
        bool empty;
    };

    [[nodiscard]] std::string key() const { return dotted(open_.back().prefix, open_.back().name); }

    bool take(const std::string& value)
    {
        if (open_.empty())
            throw InvalidArgument("the settings are no object", {}, "write them as one: {\"vm.max\": 10}");
        if (skipped_ == 0)
            keys_.add(key(), value);
        return true;
    }

    bool refuseValue(const std::string& what, const std::string& hint)
    {
        if (open_.empty())
            throw InvalidArgument("the settings are no object", {}, "write them as one: {\"vm.max\": 10}");
        keys_.refuse(printable(key()) + " " + what, 0, hint);
        return true;
    }

    FileKeys& keys_;
    std::vector<Object> open_;
    std::size_t skipped_ = 0; ///< arrays and objects inside an array
};

} // namespace

void readJson(std::string_view text, FileKeys& keys)
{
    JsonKeys handler(keys);
    try {
        nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
    } catch (const InvalidArgument& error) {
        keys.refuse(error.what(), 0, error.hint());
    }
}

} // namespace teehost::settings
