// SPDX-License-Identifier: Apache-2.0
//
// The rules of a path (RFC 5280, 6.1) that are left when its certificates and their order are known, and no
// policy, name constraint or unknown extension is in any of them.
#include <algorithm>
#include <vector>

#include "teehost/kit/vendor_x509.h"
#include "vendor_parts.h"

namespace teehost::kit {
namespace {

std::string of(const VendorCertificate& its)
{
    return "the certificate of " + shownText(its.subjectCommonName());
}

/// Says what is wrong with a certificate, whoever signs it.
std::optional<std::string> ownFault(const VendorCertificate& its)
{
    if (its.parts().constraints.fault)
        return of(its) + " " + *its.parts().constraints.fault;
    if (!its.parts().key.key)
        return of(its) + " is of a key of another kind than the maker's";
    return std::nullopt;
}

/// Two of one name could stand for each other, and a path be another than the one that was shown.
bool isNameTwice(const std::vector<const VendorCertificate*>& path)
{
    for (auto one = path.begin(); one != path.end(); ++one)
        if (std::any_of(path.begin(), one, [&](const VendorCertificate* other) {
                return equal(other->parts().subject.der, (*one)->parts().subject.der);
            }))
            return true;
    return false;
}

/// Says why the certificate at `place`, counted from the leaf, may not issue the one before it.
std::optional<std::string> authorityFault(const VendorCertificate& its, std::size_t place)
{
    const vendor::Constraints& says = its.parts().constraints;
    const std::size_t between = place - 1; // intermediate certificates on the way to the leaf
    if (!says.isCa)
        return of(its) + " is not of a certificate authority"; // 6.1.4 k
    if (says.keyUsage && (*says.keyUsage & vendor::usage::kKeyCertSign) == 0)
        return of(its) + " may not sign certificates"; // 6.1.4 n
    if (says.pathLength && between > *says.pathLength)
        return of(its) + " allows fewer certificates between itself and the last"; // 6.1.4 m
    return std::nullopt;
}

} // namespace

std::optional<std::string> chainFault(const VendorCertificate& leaf,
                                      std::span<const VendorCertificate> issuers,
                                      const VendorCertificate& root,
                                      std::span<const Sha256Digest> self_signed)
{
    std::vector<const VendorCertificate*> path{&leaf};
    for (const VendorCertificate& issuer : issuers)
        path.push_back(&issuer);
    path.push_back(&root);
    for (const VendorCertificate* one : path)
        if (auto fault = ownFault(*one))
            return fault;
    if (isNameTwice(path))
        return "two certificates of one name";
    for (std::size_t i = 1; i < path.size(); ++i) {
        if (auto fault = authorityFault(*path[i], i))
            return fault;
        if (!path[i - 1]->isIssuedBy(*path[i])) // 6.1.3 a
            return of(*path[i - 1]) + " is not signed by " + shownText(path[i]->subjectCommonName());
    }
    // The root may be one that the evidence brought along.
    const bool isKnown = !self_signed.empty() && std::find(self_signed.begin(), self_signed.end(),
                                                           root.fingerprint()) != self_signed.end();
    if (!isKnown && !root.isIssuedBy(root))
        return of(root) + " is not signed by itself";
    return std::nullopt;
}

} // namespace teehost::kit
