// SPDX-License-Identifier: Apache-2.0
//
// A table is refused, or its entries lie in the blob behind the list, each GUID once; what is in them is
// certificates or refused. Input: the table.
#include "report/cert_table.h"
#include "report/collateral.h"
#include "tests/fuzz/refusal.h"

using namespace teehost;
using namespace teehost::sev_snp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const kit::ByteView blob(data, size);
    const auto entries = fuzz::unlessInputError([&] { return readCertTable(blob); });
    if (entries) {
        constexpr std::size_t kEntry = 24;
        for (std::size_t i = 0; i < entries->size(); ++i) {
            const auto& entry = (*entries)[i];
            fuzz::require(entry.data.data() >= data + kEntry * (entries->size() + 1) &&
                              entry.data.data() + entry.data.size() <= data + size,
                          "an entry lies behind the list and in the blob");
            for (std::size_t j = 0; j < i; ++j)
                fuzz::require((*entries)[j].guid != entry.guid, "a GUID stands once");
            fuzz::require(toText(entry.guid).size() == 36, "a GUID can be shown");
        }
    }
    fuzz::unlessInputError([&] {
        Collateral pool;
        pool.add(blob);
        for (const auto& certificate : pool.certificates())
            fuzz::require(kit::VendorCertificate::fromDer(certificate.der()).fingerprint() ==
                              certificate.fingerprint(),
                          "a certificate is what its bytes are");
        return true;
    });
    return 0;
}
