// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include <teehost/kit/reader.h>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

constexpr std::uint32_t kEcdsaP384Sha384 = 1;
constexpr std::uint64_t kKnownPolicyBits = (std::uint64_t{1} << 26) - 1;
constexpr std::uint32_t kKnownKeyInfoBits = 0x1f;

FirmwareVersion readVersion(kit::Reader& in)
{
    FirmwareVersion version;
    version.build = in.u8();
    version.minor = in.u8();
    version.major = in.u8();
    in.skip(1); // reserved
    return version;
}

/// Bytes that must be zero, by offset and version.
struct ReservedRange {
    std::size_t from, to;                   ///< to: behind the last
    std::uint32_t lastVersion = UINT32_MAX; ///< after which they mean something
};
constexpr std::array kReserved{
    ReservedRange{0x04c, 0x050}, ReservedRange{0x188, 0x18b, 2},    ReservedRange{0x18b, 0x1a0},
    ReservedRange{0x1eb, 0x1ec}, ReservedRange{0x1ef, 0x1f0},       ReservedRange{0x1f8, 0x208, 4},
    ReservedRange{0x208, 0x2a0}, ReservedRange{0x330, kReportSize}, // behind R and S
};

} // namespace

std::string toText(const FirmwareVersion& version)
{
    return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
           std::to_string(version.build);
}

Report Report::parse(kit::ByteView bytes)
{
    if (bytes.size() != kReportSize)
        throw InputError("size",
                         "an attestation report has 1184 bytes, this has " + std::to_string(bytes.size()));
    kit::Reader in(bytes, "attestation report");
    Report out;
    out.raw.assign(bytes.begin(), bytes.end());
    out.version = in.u32();
    out.guestSvn = in.u32();
    out.policy = in.u64();
    out.familyId = in.array<16>();
    out.imageId = in.array<16>();
    out.vmpl = in.u32();
    out.signatureAlgorithm = in.u32();
    out.currentTcb = in.array<8>();
    out.platformInfo = in.u64();
    out.keyInfo = in.u32();
    in.skip(4);
    out.reportData = in.array<64>();
    out.measurement = in.array<48>();
    out.hostData = in.array<32>();
    out.idKeyDigest = in.array<48>();
    out.authorKeyDigest = in.array<48>();
    out.reportId = in.array<32>();
    out.reportIdMa = in.array<32>();
    out.reportedTcb = in.array<8>();
    out.cpuid = in.array<3>();
    in.skip(21);
    out.chipId = in.array<64>();
    out.committedTcb = in.array<8>();
    out.current = readVersion(in);
    out.committed = readVersion(in);
    out.launchTcb = in.array<8>();
    out.launchMitVector = in.u64();
    out.currentMitVector = in.u64();
    in.skip(kSignedSize - in.offset());
    out.r = in.array<72>();
    out.s = in.array<72>();
    return out;
}

std::vector<FormFault> formFaults(const Report& report, bool allow_newer_version)
{
    const auto& version = report.version;
    if (version < 2 || (version > kNewestReportVersion && !allow_newer_version))
        return {{"version", "the report has version " + std::to_string(version) + "; 2 to " +
                                std::to_string(kNewestReportVersion) + " are known"}};
    std::vector<FormFault> faults;
    if (report.signatureAlgorithm != kEcdsaP384Sha384)
        faults.push_back({"signature_algo", "the signature algorithm is " +
                                                std::to_string(report.signatureAlgorithm) +
                                                " instead of 1, ECDSA P-384 with SHA-384"});
    if (!has(report.policy, PolicyBit::Reserved1) || (report.policy & ~kKnownPolicyBits) != 0)
        faults.push_back({"policy_reserved", "the guest policy " + kit::hexNumber(report.policy) +
                                                 " is malformed: bit 17 must be one, bits 26 to 63 zero"});
    if ((report.keyInfo & ~kKnownKeyInfoBits) != 0)
        faults.push_back({"key_info_reserved",
                          "reserved bits of KEY_INFO " + kit::hexNumber(report.keyInfo) + " are set"});
    else if (report.signingKey() != SigningKey::Vcek && report.signingKey() != SigningKey::Vlek)
        faults.push_back({"signing_key", report.signingKey() == SigningKey::None
                                             ? "the report is not signed"
                                             : "the report is signed by a key of an unknown kind, " +
                                                   std::to_string(report.keyInfo >> 2 & 7)});
    for (const ReservedRange& range : kReserved)
        if (version <= range.lastVersion &&
            !kit::isZero(kit::ByteView(report.raw).subspan(range.from, range.to - range.from))) {
            faults.push_back({"reserved_nonzero", "reserved bytes from " + kit::hexNumber(range.from) +
                                                      " to " + kit::hexNumber(range.to - 1) +
                                                      " are not zero"});
            break;
        }
    return faults;
}

} // namespace teehost::sev_snp
