// SPDX-License-Identifier: Apache-2.0
//
// The extension of a PCK certificate: refused, or a platform that is read as the same when it is written
// anew. Input: its DER.
#include "tdx/quote/pck_extension.h"
#include "tdx_factory/hierarchy.h"
#include "tests/fuzz/refusal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace teehost;
    using tdx::PckExtension;
    const auto read = fuzz::unlessInputError([&] { return PckExtension::parse({data, size}); });
    if (!read)
        return 0;
    const tdx_factory::Platform platform{read->components, read->pceSvn, read->pceId, read->fmspc};
    const PckExtension again = PckExtension::parse(tdx_factory::pckExtension(platform));
    fuzz::require(again.components == read->components && again.pceSvn == read->pceSvn &&
                      again.pceId == read->pceId && again.fmspc == read->fmspc,
                  "a platform survives being written and read");
    return 0;
}
