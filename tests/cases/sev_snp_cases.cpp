// SPDX-License-Identifier: Apache-2.0
//
// Kinds of the SEV-SNP vectors: report, chain, vek-extensions, kds-url, auxblob, measurement, vmsa, idblock,
// igvm.
#include <algorithm>

#include <teehost/kit/digest.h>
#include <teehost/kit/file.h>
#include <teehost/kit/x509.h>

#include <openssl/x509.h>

#include "cases/case.h"
#include "input_error.h"
#include "launch/cpu_model.h"
#include "launch/igvm_digest.h"
#include "launch/ovmf_digest.h"
#include "report/cert_table.h"
#include "report/kds.h"
#include "report/policy.h"
#include "report/verify.h"

namespace teehost::cases {
namespace {

using namespace sev_snp;

std::string hexNumber(std::uint64_t number) { return kit::hexNumber(number); }

kit::VendorCertificate certificate(const Case& item, const std::string& key)
{
    return kit::VendorCertificate::fromDer(item.file(key));
}

Json tcbJson(const Tcb& tcb, bool withFmc)
{
    Json json{
        {"boot_loader", tcb.bootLoader}, {"tee", tcb.tee}, {"snp", tcb.snp}, {"microcode", tcb.microcode}};
    if (withFmc)
        json["fmc"] = tcb.fmc;
    return json;
}

Json fieldsOf(const Report& r, ProductLine line)
{
    const auto tcb = [line](const Tcb::Encoded& encoded) {
        return tcbJson(Tcb::decode(encoded, line), line == ProductLine::Turin);
    };
    const auto hex = [](const auto& bytes) { return kit::toHex(bytes); };
    Json fields{{"version", r.version},
                {"guest_svn", r.guestSvn},
                {"policy", hexNumber(r.policy)},
                {"family_id", hex(r.familyId)},
                {"image_id", hex(r.imageId)},
                {"vmpl", r.vmpl},
                {"signature_algo", r.signatureAlgorithm},
                {"platform_info", hexNumber(r.platformInfo)},
                {"author_key_en", r.authorKeyEnabled() ? 1 : 0},
                {"mask_chip_key", r.chipKeyMasked() ? 1 : 0},
                {"signing_key", r.signingKey() == SigningKey::Vcek ? "VCEK" : "VLEK"},
                {"report_data", hex(r.reportData)},
                {"measurement", hex(r.measurement)},
                {"host_data", hex(r.hostData)},
                {"id_key_digest", hex(r.idKeyDigest)},
                {"author_key_digest", hex(r.authorKeyDigest)},
                {"report_id", hex(r.reportId)},
                {"report_id_ma", hex(r.reportIdMa)},
                {"chip_id", hex(r.chipId)},
                {"current_tcb", tcb(r.currentTcb)},
                {"reported_tcb", tcb(r.reportedTcb)},
                {"committed_tcb", tcb(r.committedTcb)},
                {"launch_tcb", tcb(r.launchTcb)},
                {"current_fw", toText(r.current)},
                {"committed_fw", toText(r.committed)},
                {"product", nameOf(line)}};
    if (r.hasCpuid())
        fields.update(Json{{"cpuid_fam", r.cpuid[0]}, {"cpuid_mod", r.cpuid[1]}, {"cpuid_step", r.cpuid[2]}});
    if (r.version >= 5)
        fields.update(Json{{"launch_mit_vector", hexNumber(r.launchMitVector)},
                           {"current_mit_vector", hexNumber(r.currentMitVector)}});
    return fields;
}

ChainFacts chainOf(const Case& item)
{
    std::vector<kit::VendorCrl> crls;
    if (item.has("crl"))
        crls.push_back(kit::VendorCrl::fromDer(item.file("crl")));
    return ChainFacts::of({certificate(item, "vek"), certificate(item, "ask"), certificate(item, "ark")},
                          crls);
}

std::vector<kit::Sha256Digest> rootsOf(const Case& item)
{
    if (item.has("trust_anchor"))
        return {certificate(item, "trust_anchor").fingerprint()};
    return {amdRoots().begin(), amdRoots().end()};
}

Outcome runReport(const Case& item)
{
    item.expectInputs({"report", "vek", "ask", "ark", "verify_time", "trust_anchor", "crl", "policy"});
    const Report report = Report::parse(item.file("report"));
    const ChainFacts chain = chainOf(item);
    const auto roots = rootsOf(item);
    const auto policy = item.has("policy") ? Policy::parse(item.input("policy").dump()) : Policy();
    const VerifyTerms terms{item.time("verify_time"), roots, policy.crl.value_or(CrlMode::IfPresent),
                            "a certificate is missing", policy.allowNewerReportVersion};
    for (const CheckLine& line : verifyReport(report, &chain, terms))
        if (line.outcome == sev_snp::Outcome::Fail || line.outcome == sev_snp::Outcome::Error ||
            line.outcome == sev_snp::Outcome::Unfit)
            return refused(line.reason, line.message);
    const auto productLine = lineOf(report, &chain);
    for (const RuleResult& rule : appraise(report, productLine, policy))
        if (!rule.kept) {
            // Named by the rule, or by the key of the policy that it comes from.
            auto outcome = refused("policy:" + std::string(rule.rule), rule.message);
            outcome.reasons.push_back("policy:" + std::string(rule.key));
            return outcome;
        }
    return {true, {}, {}, {{"fields", fieldsOf(report, productLine.value())}}};
}

Outcome runChain(const Case& item)
{
    item.expectInputs({"intermediate", "ark", "verify_time", "trust_anchor"});
    const auto intermediate = certificate(item, "intermediate"), root = certificate(item, "ark");
    if (const auto fault = issuersFault(intermediate, root))
        return refused(fault->reason, fault->message);
    const auto roots = rootsOf(item);
    if (std::find(roots.begin(), roots.end(), root.fingerprint()) == roots.end())
        return refused("untrusted_root", "not one that is trusted");
    for (const auto* one : {&intermediate, &root})
        if (!one->validity().covers(item.time("verify_time")))
            return refused("validity", one->subjectCommonName());
    unsigned char* spki = nullptr;
    const int length = i2d_PUBKEY(kit::Certificate::fromDer(root.der()).publicKey().raw(), &spki);
    const kit::Bytes key(spki, spki + length);
    OPENSSL_free(spki);
    return {true,
            {},
            {},
            {{"ark_sha256_der", kit::toHex(root.fingerprint())},
             {"ark_spki_sha256", kit::toHex(kit::sha256(key))},
             {"intermediate_sha256_der", kit::toHex(intermediate.fingerprint())},
             {"product", nameOf(lineOfRoot(root).value())}}};
}

Outcome runExtensions(const Case& item)
{
    item.expectInputs({"vek"});
    const Endorsement vek = Endorsement::parse(certificate(item, "vek"));
    Json values{{"struct_version", vek.structVersion},
                {"product_name", vek.productName},
                {"spl", tcbJson(vek.tcb, vek.fmc.has_value())}};
    if (vek.kind == EndorsementKind::Vcek)
        values["hwid"] = kit::toHex(vek.hwid);
    else
        values["csp_id"] = vek.cspId;
    return {true, {}, {}, values};
}

/// A VLEK has no address: AMD hands it to the cloud provider alone (AMD 57230, chapter 4).
Json vekUrl(const Report& report, EndorsementKind kind, ProductLine line)
{
    return kind == EndorsementKind::Vcek ? Json(vcekUrl(kAmdKds, report, line)) : Json();
}

Outcome runKdsUrl(const Case& item)
{
    item.expectInputs({"report", "product"});
    const Report report = Report::parse(item.file("report"));
    const auto line = lineNamed(item.text("product"));
    if (!line)
        return refused("product_mismatch", item.text("product"));
    const auto kind = report.signingKey() == SigningKey::Vlek ? EndorsementKind::Vlek : EndorsementKind::Vcek;
    return {true,
            {},
            {},
            {{"vek", vekUrl(report, kind, *line)},
             {"cert_chain", chainUrl(kAmdKds, kind, *line)},
             {"crl", crlUrl(kAmdKds, kind, *line)}}};
}

Outcome runAuxblob(const Case& item)
{
    item.expectInputs({"auxblob"});
    const Bytes blob = item.file("auxblob");
    Json entries = Json::array();
    for (const TableEntry& entry : readCertTable(blob))
        entries.push_back({{"guid", toText(entry.guid)},
                           {"name", nameOf(entry.guid)},
                           {"length", entry.data.size()},
                           {"sha256", kit::toHex(kit::sha256(entry.data))}});
    return {true, {}, {}, {{"entries", entries}}};
}

VmsaProfile profileOf(const Case& item)
{
    const std::string vmm = item.text("vmm", "qemu");
    if (vmm == "qemu")
        return VmsaProfile::Qemu;
    if (vmm == "qemu-legacy")
        return VmsaProfile::QemuLegacy;
    if (vmm == "ec2")
        return VmsaProfile::Ec2;
    if (vmm == "gce")
        return VmsaProfile::Gce;
    throw NotUnderstood("the hypervisor \"" + vmm + "\" is not known");
}

std::uint32_t signatureOf(const Case& item)
{
    if (profileOf(item) == VmsaProfile::Ec2 || profileOf(item) == VmsaProfile::Gce)
        return 0; // which do not measure it
    const auto byModel = item.has("cpu_model") ? signatureOfCpu(item.text("cpu_model")) : std::nullopt;
    if (!item.has("vcpu_sig") && !byModel)
        throw InputError("unknown_cpu_model", "neither a signature nor a model that is known");
    const auto stated = item.has("vcpu_sig") ? static_cast<std::uint32_t>(item.number("vcpu_sig")) : *byModel;
    if (byModel && *byModel != stated)
        throw NotUnderstood("the model " + item.text("cpu_model") + " has the signature " +
                            hexNumber(*byModel));
    return stated;
}

std::optional<KernelHashes> hashesOf(const Case& item)
{
    if (!item.has("kernel"))
        return std::nullopt;
    KernelHashes hashes;
    hashes.kernel = kit::sha256OfFile(item.path("kernel"), "kernel");
    hashes.initrd = item.has("initrd") ? kit::sha256OfFile(item.path("initrd"), "initrd") : kit::sha256({});
    hashes.cmdline = hashOfCmdline(item.text("append", ""));
    return hashes;
}

Outcome runMeasurement(const Case& item)
{
    item.expectInputs({"mode", "vmm", "ovmf", "vcpus", "cpu_model", "vcpu_sig", "sev_features", "kernel",
                       "initrd", "append", "ovmf_digest_seed"});
    if (item.text("mode", "snp") != "snp")
        throw NotUnderstood("the mode \"" + item.text("mode") + "\" is not known");
    const Bytes firmware = item.file("ovmf");
    OvmfLaunch launch;
    launch.profile = profileOf(item);
    launch.vcpus = static_cast<std::uint32_t>(item.number("vcpus"));
    launch.cpuSignature = signatureOf(item);
    launch.sevFeatures = item.has("sev_features") ? item.number("sev_features") : kFeatureSnp;
    launch.hashes = hashesOf(item);
    if (item.has("ovmf_digest_seed")) {
        const auto seed = kit::fromHex(item.text("ovmf_digest_seed"));
        LaunchDigest digest{};
        if (!seed || seed->size() != digest.size())
            throw NotUnderstood("ovmf_digest_seed is not a digest");
        std::copy(seed->begin(), seed->end(), digest.begin());
        launch.firmwareDigest = digest;
    }
    const LaunchResult result = measureOvmf(OvmfImage::parse(firmware), launch);
    return {true, {}, {}, {{"launch_digest", kit::toHex(result.digest)}}};
}

Outcome runVmsa(const Case& item)
{
    item.expectInputs({"vmm", "reset_eip", "vcpu_sig", "sev_features"});
    const Page page =
        vmsaPage({profileOf(item), static_cast<std::uint32_t>(item.number("reset_eip")),
                  static_cast<std::uint32_t>(item.number("vcpu_sig")), item.number("sev_features")});
    Json values{{"sha384", kit::toHex(kit::sha384(page))}};
    if (item.expect().contains("file")) { // the whole page, not its digest only
        const Case other(Json{{"inputs", {{"file", item.expect()["file"]}}}}, item.folder());
        if (kit::equal(other.file("file"), page))
            values["file"] = item.expect()["file"];
        else
            values["file"] = "a page that differs";
    }
    return {true, {}, {}, values};
}

Outcome runIdBlock(const Case& item)
{
    item.expectInputs({"id_block", "id_auth"});
    const IdBlock block = IdBlock::parse(item.file("id_block"));
    const IdAuth auth = IdAuth::parse(item.file("id_auth"));
    verifyId(block, auth);
    return {true,
            {},
            {},
            {{"launch_digest", kit::toHex(block.digest)},
             {"family_id", kit::toHex(block.familyId)},
             {"image_id", kit::toHex(block.imageId)},
             {"version", block.version},
             {"guest_svn", block.guestSvn},
             {"policy", hexNumber(block.policy)},
             {"id_key_digest", kit::toHex(auth.idKey.digest())},
             {"author_key_digest", kit::toHex(auth.authorKey.digest())}}};
}

Outcome runIgvm(const Case& item)
{
    item.expectInputs({"igvm", "platform", "native_zero", "check_kvm"});
    if (item.text("platform", "sev-snp") != "sev-snp")
        throw NotUnderstood("the platform \"" + item.text("platform") + "\" is not known");
    const Bytes file = item.file("igvm");
    const IgvmMeasurement result = measureIgvm(
        IgvmFile::parse(file), {.nativeZero = item.flag("native_zero"), .checkKvm = item.flag("check_kvm")});
    Json values{{"launch_digest", kit::toHex(result.launch.digest)}};
    if (result.policy)
        values["policy"] = hexNumber(*result.policy);
    if (result.id)
        values.update(Json{{"id_key_digest", kit::toHex(result.id->auth.idKey.digest())},
                           {"author_key_digest", kit::toHex(result.id->auth.authorKey.digest())},
                           {"author_key_enabled", result.id->authorKeyEnabled},
                           {"id_block_signature", "valid"}});
    return {true, {}, {}, values};
}

/// What the code refuses is an outcome, not a failure of the runner.
Runner refusing(Outcome (*run)(const Case&))
{
    return [run](const Case& item) {
        try {
            return run(item);
        } catch (const InputError& e) {
            return refused(e.reason(), e.what());
        }
    };
}

} // namespace

void addSevSnpCases(Runners& runners)
{
    runners["report"] = {refusing(runReport)};
    runners["chain"] = {refusing(runChain)};
    runners["vek-extensions"] = {refusing(runExtensions)};
    runners["kds-url"] = {refusing(runKdsUrl)};
    runners["auxblob"] = {refusing(runAuxblob)};
    runners["measurement"] = {refusing(runMeasurement)};
    runners["vmsa"] = {refusing(runVmsa)};
    runners["idblock"] = {refusing(runIdBlock)};
    runners["igvm"] = {refusing(runIgvm)};
}

} // namespace teehost::cases
