// SPDX-License-Identifier: Apache-2.0
#include "report/endorsement.h"

#include <teehost/kit/der.h>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

// Object identifiers below AMD's 1.3.6.1.4.1.3704.1 (57230, section 3.1).
constexpr std::string_view kStructVersion = "1.3.6.1.4.1.3704.1.1";
constexpr std::string_view kProductName = "1.3.6.1.4.1.3704.1.2";
constexpr std::string_view kBootLoader = "1.3.6.1.4.1.3704.1.3.1";
constexpr std::string_view kTee = "1.3.6.1.4.1.3704.1.3.2";
constexpr std::string_view kSnp = "1.3.6.1.4.1.3704.1.3.3";
constexpr std::string_view kMicrocode = "1.3.6.1.4.1.3704.1.3.8";
constexpr std::string_view kFmc = "1.3.6.1.4.1.3704.1.3.9";
constexpr std::string_view kHwid = "1.3.6.1.4.1.3704.1.4";
constexpr std::string_view kCspId = "1.3.6.1.4.1.3704.1.5";

constexpr std::uint8_t kOctetString = 0x04; // X.690

class Extensions {
public:
    explicit Extensions(const kit::VendorCertificate& certificate) : certificate_(certificate) {}

    [[nodiscard]] std::optional<kit::ByteView> find(std::string_view oid) const
    {
        try {
            return certificate_.extension(oid);
        } catch (const kit::CryptoError& e) {
            throw InputError("ext_encoding", e.what());
        }
    }
    [[nodiscard]] kit::ByteView get(std::string_view oid, std::string_view what) const
    {
        const auto value = find(oid);
        if (!value)
            throw InputError("ext_missing", "the endorsement certificate does not say its " +
                                                std::string(what) + " (extension " + std::string(oid) + ")");
        return *value;
    }
    /// The one element that the extension holds.
    template <class Read>
    [[nodiscard]] auto read(std::string_view oid, std::string_view what, Read&& element) const
    {
        const kit::ByteView value = get(oid, what);
        kit::DerReader in(value, "extension");
        try {
            const auto out = element(in);
            in.expectDone();
            return out;
        } catch (const kit::ParseError&) {
            throw wrong(what);
        }
    }
    /// An INTEGER from 0 to 255.
    [[nodiscard]] std::uint8_t number(std::string_view oid, std::string_view what) const
    {
        return static_cast<std::uint8_t>(
            read(oid, what, [](kit::DerReader& in) { return in.integer(UINT8_MAX); }));
    }
    [[nodiscard]] std::string text(std::string_view oid, std::string_view what) const
    {
        return read(oid, what, [](kit::DerReader& in) { return in.ia5(); });
    }

private:
    static InputError wrong(std::string_view what)
    {
        return {"ext_encoding",
                "the endorsement certificate says its " + std::string(what) + " in a form that is not known"};
    }
    const kit::VendorCertificate& certificate_;
};

/// The raw bytes, or an OCTET STRING of them as some certificates have it: told apart by the length, since a
/// chip id may begin like an OCTET STRING.
kit::Bytes readHwid(kit::ByteView value, std::size_t size)
{
    if (value.size() == size)
        return {value.begin(), value.end()};
    if (value.size() == size + 2 && value[0] == kOctetString && value[1] == size)
        return {value.begin() + 2, value.end()};
    throw InputError("hwid_size", "the hardware id of the endorsement certificate has " +
                                      std::to_string(value.size()) + " bytes instead of " +
                                      std::to_string(size));
}

} // namespace

EndorsementKind kindOf(const kit::VendorCertificate& certificate)
{
    const std::string name = certificate.subjectCommonName();
    if (name == "SEV-VCEK")
        return EndorsementKind::Vcek;
    if (name == "SEV-VLEK")
        return EndorsementKind::Vlek;
    throw InputError("chain_names",
                     "the endorsement certificate is of \"" + name + "\", not of SEV-VCEK or SEV-VLEK");
}

std::string_view nameOf(EndorsementKind kind) noexcept
{
    return kind == EndorsementKind::Vcek ? "VCEK" : "VLEK";
}

Endorsement Endorsement::parse(const kit::VendorCertificate& certificate)
{
    const Extensions in(certificate);
    Endorsement out;
    out.kind = kindOf(certificate);
    out.structVersion = in.number(kStructVersion, "structure version");
    if (out.structVersion > 1)
        throw InputError("struct_version", "the endorsement certificate has structure version " +
                                               std::to_string(out.structVersion) + "; 0 and 1 are known");
    out.productName = in.text(kProductName, "product");
    out.tcb = {0, in.number(kBootLoader, "boot loader SVN"), in.number(kTee, "TEE SVN"),
               in.number(kSnp, "SNP SVN"), in.number(kMicrocode, "microcode SVN")};
    if (out.structVersion == 1)
        out.tcb.fmc = *(out.fmc = in.number(kFmc, "FMC SVN"));
    const auto hwid = in.find(kHwid);
    const bool hasCsp = in.find(kCspId).has_value();
    if (hwid.has_value() == hasCsp)
        throw InputError(
            "ext_missing",
            "an endorsement certificate has a hardware id or a provider id, this has both or none");
    if (hasCsp != (out.kind == EndorsementKind::Vlek))
        throw InputError("ext_missing", "the " + std::string(nameOf(out.kind)) + " certificate lacks its " +
                                            (hasCsp ? "hardware id" : "provider id"));
    if (hwid)
        out.hwid = readHwid(*hwid, out.structVersion == 1 ? 8 : 64);
    else
        out.cspId = in.text(kCspId, "provider id");
    return out;
}

std::optional<ProductLine> Endorsement::line() const noexcept
{
    return lineNamed(std::string_view(productName).substr(0, productName.find('-')));
}

} // namespace teehost::sev_snp
