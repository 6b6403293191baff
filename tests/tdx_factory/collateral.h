// SPDX-License-Identifier: Apache-2.0
//
// Documents as Intel signs them. They are JSON to be changed before they are signed.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tdx_factory/hierarchy.h"

namespace teehost::tdx_factory {

using Json = nlohmann::ordered_json; // members in the order they are written, as a signature demands

/// TCB info that rates the default Platform and quote UpToDate, with three levels, and modules TDX_01 and
/// TDX_03.
[[nodiscard]] Json tcbInfo();
[[nodiscard]] Json qeIdentity();

/// 16 components with these SVNs first, and zeros behind.
[[nodiscard]] Json components(const std::vector<unsigned>& svns);

/// {"tcbInfo": ..., "signature": ...}; `member` is tcbInfo or enclaveIdentity.
[[nodiscard]] std::string signedDocument(const std::string& member, const std::string& inner, const Key& key);
[[nodiscard]] inline std::string signedDocument(const std::string& member, const Json& inner, const Key& key)
{
    return signedDocument(member, inner.dump(), key);
}

} // namespace teehost::tdx_factory
