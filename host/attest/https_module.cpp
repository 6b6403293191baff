// SPDX-License-Identifier: Apache-2.0
//
// The library's side of https_on_demand.h.
#include "host/attest/https_on_demand.h"

namespace {

using namespace teehost;

constexpr attest::HttpsEntry kEntry{
    {TEEHOST_HTTPS_VERSION, sizeof(attest::HttpsEntry)}, attest::kHttpsLayout, &attest::kCurl};

} // namespace

extern "C" [[gnu::visibility("default")]] const teehost::OwnLibraryEntry* teehost_https()
{
    return &kEntry.own;
}
