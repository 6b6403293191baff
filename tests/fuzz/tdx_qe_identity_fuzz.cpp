// SPDX-License-Identifier: Apache-2.0
//
// The identity of a quoting enclave: an enclave that it describes is the one, and a newer version is not
// rated by an older one's level. Input: the inner document.
#include "tdx/quote/qe_identity.h"
#include "tests/fuzz/refusal.h"

namespace {

using namespace teehost;
using namespace teehost::tdx;

void isItsOwn(const QeIdentity& identity)
{
    QeReport qe;
    qe.miscSelect = identity.miscSelect;
    qe.attributes = identity.attributes;
    qe.mrSigner = identity.mrSigner;
    qe.isvProdId = identity.isvProdId;
    bool possible = (qe.attributes[0] & 2) == 0; // one that can be debugged never is
    for (std::size_t i = 0; i < qe.miscSelect.size(); ++i)
        possible = possible && (identity.miscSelect[i] & ~identity.miscSelectMask[i]) == 0;
    for (std::size_t i = 0; i < qe.attributes.size(); ++i)
        possible = possible && (identity.attributes[i] & ~identity.attributesMask[i]) == 0;
    fuzz::require(identity.mismatch(qe).has_value() != possible, "an identity is its own");
    qe.mrSigner[7] ^= 1;
    fuzz::require(identity.mismatch(qe).has_value(), "and nobody else's");
}

void ratesByVersion(const QeIdentity& identity)
{
    const TcbRating* before = nullptr;
    for (unsigned svn = 0; svn <= UINT16_MAX; svn += 257) {
        const TcbRating* rating = ratingOf(identity.levels, static_cast<std::uint16_t>(svn));
        fuzz::require(before == nullptr || (rating != nullptr && rating <= before),
                      "a newer version has no level below an older one's"); // the highest stands first
        before = rating;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto identity = fuzz::unlessInputError([&] { return QeIdentity::parse(fuzz::asText(data, size)); });
    if (!identity)
        return 0;
    isItsOwn(*identity);
    ratesByVersion(*identity);
    return 0;
}
