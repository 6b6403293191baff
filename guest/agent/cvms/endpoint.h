// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace teehost::guest {

/// The gRPC target of HOST:PORT (gRPC, doc/naming.md): `ipv4:10.0.2.2:7003`, `ipv6:[::1]:7003`, or
/// `dns:///cvms.example.com:7003`. An IPv6 address is in brackets. Nothing when `text` is none of these: gRPC
/// would take other forms, such as sockets of the file system, and whoever runs the VM must not choose them.
[[nodiscard]] std::optional<std::string> targetOf(std::string_view text);

} // namespace teehost::guest
