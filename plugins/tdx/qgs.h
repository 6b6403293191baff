// SPDX-License-Identifier: Apache-2.0
//
// The quote generation service (QGS) of a TDX host: where it is, and whether it answers. QEMU talks to it for
// the guests; the daemon only looks.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <teehost/kit/bytes.h>
#include <teehost/kit/host.h>

#include "tdx/configuration.h"

namespace teehost::tdx {

/// Of Intel's packages, when the service is started for a Unix socket.
inline constexpr const char* kQgsSocket = "/var/run/tdx-qgs/qgs.socket";

struct QgsAddress {
    std::string path; ///< of a Unix socket; empty: vsock
    std::uint32_t cid = 0, port = 0;

    /// "vsock 2:4050", or the path.
    [[nodiscard]] std::string toText() const;
};

/// Nothing when guests get no quotes. With "auto" it looks whether `root`'s usual socket is there.
[[nodiscard]] std::optional<QgsAddress> qgsOf(const Configuration& configuration, const std::string& root);

/// What the service says of its platform.
struct QgsPlatform {
    std::uint32_t error = 0; ///< 0: none
    std::uint16_t qeSvn = 0, pceSvn = 0;
};

/// The bytes of a GET_PLATFORM_INFO request, and the answer read. InputError qgs for an answer that is none.
/// Format: Intel DCAP, QuoteGeneration/quote_wrapper/qgs_msg_lib (qgs_msg_lib.h).
[[nodiscard]] kit::Bytes platformRequest();
[[nodiscard]] QgsPlatform readPlatformAnswer(kit::ByteView message);

/// Whether to ask the service for its platform as well: that makes it work.
enum class QgsLook { Connect, Ask };
/// Blocks for `limit` at most. The platform is empty unless it is asked for.
[[nodiscard]] kit::Asked<QgsPlatform> lookAtQgs(const QgsAddress& address, QgsLook look,
                                                std::chrono::milliseconds limit);

} // namespace teehost::tdx
