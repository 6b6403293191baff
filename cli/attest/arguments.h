// SPDX-License-Identifier: Apache-2.0
//
// Values of measure, verify and inspect as they are typed. Everything throws UsageFailure that names the
// option.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/evidence.h"

namespace teehost::cli {

/// Hexadecimal, in either case, 1 to `most` bytes.
[[nodiscard]] plugin::Bytes parseHexArgument(std::string_view text, std::string_view option,
                                             std::size_t most);
/// The same, with or without 0x before it: what other tools print is pasted as it is.
[[nodiscard]] plugin::Bytes parsePrefixedHex(std::string_view text, std::string_view option,
                                             std::size_t most);

/// "[NAME=]HEX": an expected register; its algorithm follows from the digest's length. Without a name it is
/// the register of the VM's initial contents.
[[nodiscard]] plugin::Register parseRegister(std::string_view text, std::string_view option);

/// RFC 3339, "2026-01-31T12:00:00Z", as nanoseconds since the Unix epoch. After 1970, before 2191.
[[nodiscard]] std::int64_t parseInstant(std::string_view text, std::string_view option);

/// A file a person handed over. Its kind is for the plugin to see, unless the option named it.
struct NamedBlob {
    std::string path; ///< "-": standard input; with "#MEMBER" for a part of a document
    plugin::Blob blob;
    std::string readAs{}; ///< how text was decoded, "base64 text"; empty for the file's own bytes
};
[[nodiscard]] std::vector<NamedBlob> readBlobs(const std::vector<std::string>& paths,
                                               std::string_view option);
[[nodiscard]] std::vector<plugin::Blob> blobsOf(const std::vector<NamedBlob>& files);

} // namespace teehost::cli
