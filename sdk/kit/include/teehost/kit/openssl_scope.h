// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost::kit {

/// Leaves this thread's OpenSSL error queue as it was found, as the plugin contract demands. The kit's own
/// functions have one each; a plugin that calls OpenSSL itself puts one around it.
class OpensslScope {
public:
    OpensslScope() noexcept;
    OpensslScope(const OpensslScope&) = delete;
    OpensslScope& operator=(const OpensslScope&) = delete;
    ~OpensslScope();
};

} // namespace teehost::kit
