// SPDX-License-Identifier: Apache-2.0
//
// x509-seeds DIRECTORY: writes seeds for the fuzz target vendor_x509: certificates and CRLs in the profile of
// Intel's and AMD's, and what is nearly so.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "x509_factory/raw_object.h"

namespace {

using namespace teehost;
using namespace teehost::x509_factory;

void write(const std::filesystem::path& folder, const std::string& name, kit::ByteView bytes)
{
    std::ofstream out(folder / name, std::ios::binary | std::ios::trunc);
    out << kit::textOf(bytes);
    if (!out.flush())
        throw std::runtime_error("cannot write " + name);
}

void writeAll(const std::filesystem::path& folder)
{
    std::filesystem::create_directories(folder);
    const Key p256 = makeEcKey("P-256"), p384 = makeEcKey("P-384"), rsa = makeRsaKey();
    const CertificateTerms root{"Intel SGX Root CA", "Intel SGX Root CA", p256, p256, true, true, 1};
    CertificateTerms leaf{"Intel SGX PCK Certificate", "Intel SGX Root CA", p256, p256, false, true, 2};
    leaf.extensions = {{"1.2.840.113741.1.13.1", {0x30, 0}},
                       {"2.5.29.35", {0x30, 3, 0x80, 1, 7}},
                       {"2.5.29.14", {4, 1, 7}},
                       {"2.5.29.31", {0x30, 10, 0x30, 8, 0xa0, 6, 0xa0, 4, 0x86, 2, 'u', ':'}}};
    CertificateTerms vcek{"SEV-VCEK", "SEV-Milan", p384, rsa, false, true, 0};
    vcek.extensions = {{"1.3.6.1.4.1.3704.1.1", {2, 1, 0}}};
    write(folder, "root", makeCertificate(root).der());
    write(folder, "leaf", makeCertificate(leaf).der());
    write(folder, "vcek", makeCertificate(vcek).der());
    write(folder, "ark", makeCertificate({"ARK-Milan", "ARK-Milan", rsa, rsa, true, true, 3}).der());
    const CrlTerms terms{"Intel SGX Root CA", p256, {kNow, kNow + kYear}, {1, 2, 0x123456}};
    write(folder, "crl", makeCrl(terms).der());
    write(folder, "crl-empty", makeCrl({"Intel SGX Root CA", p256}).der());
    auto critical = terms;
    critical.criticalExtension = true;
    write(folder, "crl-critical", makeCrl(critical).der());
    RawObject late = RawObject::of(makeCertificate(leaf).der());
    late.fields[certificate_field::kValidity] = element(
        0x30,
        joined({element(0x17, kit::viewOf("200101000000Z")), element(0x18, kit::viewOf("99991231235959Z"))}));
    write(folder, "leaf-late", late.signedBy(p256));
    late.fields[certificate_field::kSerial] = Bytes{2, 1, 0x80};
    write(folder, "leaf-negative", late.signedBy(p256));
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: x509-seeds DIRECTORY\n", stderr);
        return 2;
    }
    try {
        writeAll(std::filesystem::path(argv[1]) / "vendor_x509");
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "x509-seeds: %s\n", e.what());
        return 1;
    }
}
