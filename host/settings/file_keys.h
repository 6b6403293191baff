// SPDX-License-Identifier: Apache-2.0
//
// The readers of the four forms of settings files, and the one place where all of them put what they find. A
// reader takes every key there is, however it is written, or refuses it: a setting that is lost in silence
// may be the one that turned TLS on.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "host/settings/settings.h"

namespace teehost::settings {

inline constexpr int kMaxFileDepth = 16;

class FileKeys {
public:
    FileKeys(std::string path, Findings& findings) : path_(std::move(path)), findings_(findings) {}

    /// Takes a dotted key. `line` is 0 when the reader does not know it. A key that is there already is
    /// refused, whichever of its values would have counted.
    void add(const std::string& key, std::string value, std::size_t line = 0);
    /// Refuses the file for `what`, a sentence about a line or a key of it.
    void refuse(const std::string& what, std::size_t line, const std::string& hint);

    [[nodiscard]] const FileValues& values() const noexcept { return values_; }

private:
    std::string path_;
    Findings& findings_;
    FileValues values_;
    std::map<std::string, std::size_t> lines_;
};

/// `prefix.name`, or `name` at the top.
[[nodiscard]] std::string dotted(const std::string& prefix, const std::string& name);

// The text is UTF-8 without a byte order mark.
void readProperties(std::string_view text, FileKeys& keys);
void readIni(std::string_view text, FileKeys& keys);
void readJson(std::string_view text, FileKeys& keys);
void readXml(std::string_view text, FileKeys& keys);

} // namespace teehost::settings
