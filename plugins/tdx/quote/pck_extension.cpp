// SPDX-License-Identifier: Apache-2.0
#include "tdx/quote/pck_extension.h"

#include <algorithm>
#include <set>
#include <string>

#include <teehost/kit/der.h>
#include <teehost/kit/input_error.h>

namespace teehost::tdx {
namespace {

constexpr std::string_view kExtension = "1.2.840.113741.1.13.1";
constexpr std::string_view kTcb = ".2", kPceSvn = ".17", kCpuSvn = ".18"; // the last two below .2
constexpr std::uint64_t kMostSgxType = 2; // standard, scalable, scalable with integrity

template <std::size_t N>
std::array<std::uint8_t, N> octets(kit::DerReader& in, const char* what)
{
    const kit::ByteView bytes = in.octets();
    if (bytes.size() != N)
        in.fail(std::string(what) + " of " + std::to_string(bytes.size()) + " bytes instead of " +
                std::to_string(N) + " ends");
    std::array<std::uint8_t, N> out;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

/// A SEQUENCE of pairs, OID and value, each OID once and below `base`. `read` gets the rest of the OID, and
/// says whether it knows it.
template <class Read>
void readPairs(kit::DerReader list, const std::string& base, std::set<std::string>& seen, Read&& read)
{
    while (!list.done()) {
        kit::DerReader pair = list.sequence();
        const std::string oid = pair.oid();
        if (!seen.insert(oid).second)
            pair.fail("the object identifier " + oid + " stands twice, the second time");
        if (!oid.starts_with(base + ".") || !read(oid.substr(base.size()), pair))
            pair.skip();
        pair.expectDone();
    }
}

bool readTcb(const std::string& rest, kit::DerReader& in, PckExtension& out)
{
    if (rest == kPceSvn) {
        out.pceSvn = static_cast<std::uint16_t>(in.integer(UINT16_MAX));
        return true;
    }
    if (rest == kCpuSvn) {
        out.cpuSvn = octets<16>(in, "a CPUSVN");
        return true;
    }
    for (std::size_t i = 0; i < out.components.size(); ++i)
        if (rest == "." + std::to_string(i + 1)) {
            out.components[i] = static_cast<std::uint8_t>(in.integer(UINT8_MAX));
            return true;
        }
    return false;
}

void expectAll(const std::set<std::string>& seen, const kit::DerReader& at)
{
    std::vector<std::string> wanted{".1", ".3", ".4", ".5"};
    for (int i = 1; i <= 18; ++i)
        wanted.push_back(std::string(kTcb) + "." + std::to_string(i));
    for (const std::string& rest : wanted)
        if (!seen.contains(std::string(kExtension) + rest))
            at.fail("the extension lacks " + std::string(kExtension) + rest + ", and ends");
}

} // namespace

PckExtension PckExtension::parse(kit::ByteView der)
{
    return kit::withReason("PCK_EXTENSION", [&] {
        PckExtension out;
        const std::string base(kExtension);
        std::set<std::string> seen;
        kit::DerReader in(der, "extension of the PCK certificate");
        readPairs(in.sequence(), base, seen, [&](const std::string& rest, kit::DerReader& value) {
            if (rest == ".1")
                out.ppid = octets<16>(value, "a PPID");
            else if (rest == kTcb)
                readPairs(value.sequence(), base + ".2", seen,
                          [&](const auto& inner, auto& number) { return readTcb(inner, number, out); });
            else if (rest == ".3")
                out.pceId = octets<2>(value, "a PCE id");
            else if (rest == ".4")
                out.fmspc = octets<6>(value, "an FMSPC");
            else if (rest == ".5")
                static_cast<void>(value.enumerated(kMostSgxType));
            else
                return false; // platform instance, configuration: nothing here depends on them
            return true;
        });
        in.expectDone();
        expectAll(seen, in);
        return out;
    });
}

PckExtension PckExtension::of(const kit::VendorCertificate& pck)
{
    std::optional<kit::ByteView> value;
    try {
        value = pck.extension(kExtension);
    } catch (const kit::CryptoError& e) {
        throw kit::InputError("PCK_EXTENSION", e.what());
    }
    if (!value)
        throw kit::InputError("PCK_EXTENSION", "the PCK certificate does not say its platform (extension " +
                                                   std::string(kExtension) + ")");
    return parse(*value);
}

} // namespace teehost::tdx
