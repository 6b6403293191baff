// SPDX-License-Identifier: Apache-2.0
#include "host/attest/https_on_demand.h"

#include "host/base/error.h"

namespace teehost::attest {
namespace {

OwnLibrary library("teehost-https.so");

const HttpsClient& load()
{
    const OwnLibraryEntry expected{TEEHOST_HTTPS_VERSION, sizeof(HttpsEntry)};
    const auto& entry = *reinterpret_cast<const HttpsEntry*>(library.load(kHttpsSymbol, expected));
    if (entry.layout != kHttpsLayout)
        throw Error(Category::FailedPrecondition,
                    "teehost-https.so was built with another compiler or library than this program",
                    "reinstall the whole package: this is a part of it");
    return *entry.https;
}

const HttpsClient& loaded()
{
    static const HttpsClient& client = load(); // code of this process from here on, never unloaded
    return client;
}

HttpsUrl parse(const std::string& text) { return loaded().parse(text); }
HttpsResponse get(const HttpsRequest& request) { return loaded().get(request); }

} // namespace

const HttpsClient kHttpsOnDemand{parse, get};

void holdHttpsLibrary() { library.hold(); }

} // namespace teehost::attest
