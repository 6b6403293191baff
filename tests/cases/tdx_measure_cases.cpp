// SPDX-License-Identifier: Apache-2.0
//
// Kinds of the TDX vectors that are about measurement: mrtd and rtmr. The latter has an operation among its
// inputs.
#include <algorithm>
#include <array>
#include <fstream>

#include <teehost/kit/board.h>
#include <teehost/kit/boot_events.h>
#include <teehost/kit/input_error.h>
#include <teehost/kit/kernel_header.h>
#include <teehost/kit/load_options.h>
#include <teehost/kit/pe_authenticode.h>
#include <teehost/kit/variable_store.h>

#include "cases/case.h"
#include "tdx/measure/acpi_blob.h"
#include "tdx/measure/mrtd.h"
#include "tdx/measure/rtmr.h"
#include "tdx/measure/td_hob.h"
#include "tdx/measure/td_log.h"
#include "tdx/quote/quote.h"

namespace teehost::cases {
namespace {

using namespace tdx;

std::string hex(kit::ByteView bytes) { return kit::toHex(bytes); }
std::string hexOfDigest(kit::ByteView bytes) { return hex(kit::sha384(bytes)); }

Outcome accepted(Json values) { return {true, {}, {}, std::move(values)}; }

/// In the form that the case states it: as a word or as a truth value.
Json yesOrNo(const Case& item, const std::string& key, bool value)
{
    if (item.expect().contains(key) && item.expect()[key].is_boolean())
        return value;
    return value ? "yes" : "no";
}

Json sectionJson(const TdvfSection& section)
{
    return {{"data_offset", section.dataOffset},
            {"raw_size", section.rawSize},
            {"address", section.address},
            {"size", section.size},
            {"type", static_cast<std::uint32_t>(section.type)},
            {"attributes", section.attributes}};
}

Outcome runMrtd(const Case& item)
{
    item.expectInputs({});
    const Bytes file = item.roleFile("tdvf");
    const TdvfImage image = TdvfImage::parse(file);
    Json values{{"mrtd_single_pass", hex(computeMrtd(image, MrtdOrder::SinglePass).value)},
                {"mrtd_two_pass", hex(computeMrtd(image, MrtdOrder::TwoPass).value)},
                {"metadata_offset", image.metadataOffset},
                {"sections", Json::array()},
                {"qemu_accepts", yesOrNo(item, "qemu_accepts", !image.qemuRefuses)},
                {"not_portable", yesOrNo(item, "not_portable", notPortable(image).has_value())}};
    for (const TdvfSection& section : image.sections)
        values["sections"].push_back(sectionJson(section));
    if (const TdvfSection* cfv = image.find(SectionType::Cfv))
        values["cfv_sha384"] = hexOfDigest(image.rawOf(*cfv));
    return accepted(values);
}

/// Digest of the first event of that type, where there is one.
void addEventDigest(const kit::EventLog& log, std::uint32_t type, const char* key, Json& values)
{
    const auto index = log.indexOf(kit::HashAlgorithm::Sha2_384);
    for (const kit::Event& event : log.events)
        if (index && event.type == type && !values.contains(key))
            values[key] = hex(event.digests[*index]);
}

Outcome replayLog(const Case& item)
{
    const Bytes file = item.roleFile("ccel");
    const kit::EventLog log = parseTdLog(file);
    const Rtmrs rtmrs = replayRtmrs(log);
    // The vectors count the header, which is shaped like an event.
    Json values{{"events", log.events.size() + 1},
                {"log_bytes_used", log.bytesUsed},
                {"events_per_register", countEvents(log)}};
    for (std::size_t i = 0; i < rtmrs.size(); ++i)
        values["rtmr" + std::to_string(i)] = hex(rtmrs[i]);
    addEventDigest(log, kit::event_type::kHandoffTables2, "td_hob_digest", values);
    addEventDigest(log, kit::event_type::kFirmwareBlob2, "cfv_digest", values);
    if (item.hasRole("quote"))
        values["matches_quote"] = Quote::parse(item.roleFile("quote")).body.rtmr == rtmrs;
    for (const kit::Event& event : log.events) // which must do no harm
        static_cast<void>(describe(event));
    return accepted(values);
}

std::vector<TdvfSection> sectionsOf(const Json& list)
{
    std::vector<TdvfSection> out;
    for (const Json& one : list) {
        TdvfSection section;
        section.type = static_cast<SectionType>(one.at("type").get<std::uint32_t>());
        section.address = one.at("address").get<std::uint64_t>();
        section.size = one.at("size").get<std::uint64_t>();
        out.push_back(section);
    }
    return out;
}

Outcome hashTdHob(const Case& item)
{
    const Bytes file = item.hasRole("tdvf") ? item.roleFile("tdvf") : Bytes();
    const auto sections =
        file.empty() ? sectionsOf(item.input("tdvf_sections")) : TdvfImage::parse(file).sections;
    const kit::Bytes hob = tdHob(sections, item.number("memory_bytes"));
    return accepted({{"sha384", hexOfDigest(hob)}, {"hob_bytes", hob.size()}});
}

Json variableJson(const char* guid, const kit::Guid& vendor, const std::string& name, kit::ByteView data)
{
    return {{"guid", guid},
            {"name", name},
            {"data", hex(data)},
            {"sha384", hexOfDigest(kit::variableEvent(vendor, name, data))}};
}

/// Each of the events is in the log. Throws NotUnderstood for one that is not: the case is of another log.
void expectInLog(const Bytes& file, const Json& events)
{
    const kit::EventLog log = parseTdLog(file);
    const auto bank = log.indexOf(kit::HashAlgorithm::Sha2_384);
    for (const Json& event : events)
        if (!bank || std::none_of(log.events.begin(), log.events.end(), [&](const kit::Event& one) {
                return hex(one.digests[*bank]) == event.at("sha384").get<std::string>();
            }))
            throw NotUnderstood("the log has no event of the variable " +
                                event.at("name").get<std::string>());
}

/// The variables of Secure Boot as a firmware without any finds them.
Outcome hashVariables(const Case& item)
{
    item.expectInputs({"operation"});
    constexpr const char* kGlobal = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
    constexpr const char* kSecurity = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
    Json events = Json::array();
    for (const char* name : {"SecureBoot", "PK", "KEK"})
        events.push_back(variableJson(kGlobal, kit::kGlobalVariable, name, {}));
    for (const char* name : {"db", "dbx"})
        events.push_back(variableJson(kSecurity, kit::kImageSecurity, name, {}));
    if (item.hasRole("ccel")) // the log of a TD whose store was empty
        expectInLog(item.roleFile("ccel"), events);
    return accepted({{"events", events},
                     {"boot_order_sha384", hexOfDigest(kit::kFirstOptionOnly)},
                     {"boot0000_sha384", hexOfDigest(kit::kSetupBootOption)},
                     {"boot0000_data", hex(kit::kSetupBootOption)}});
}

/// A firmware file of the distribution's package, by the first word of what the case says of it.
Bytes installedFile(const std::string& described)
{
    const std::string name = described.substr(0, described.find(' '));
    for (const char* folder : {"/usr/share/OVMF/", "/usr/share/ovmf/"})
        if (std::ifstream in(folder + name, std::ios::binary); in)
            return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    throw NotUnderstood(name + " is not installed");
}

Outcome hashCfv(const Case& item)
{
    if (item.hasRole("tdvf")) {
        const Bytes file = item.roleFile("tdvf");
        const TdvfImage image = TdvfImage::parse(file);
        const TdvfSection* cfv = image.find(SectionType::Cfv);
        if (cfv == nullptr)
            throw NotUnderstood("the firmware has no CFV");
        return accepted({{"sha384", hexOfDigest(image.rawOf(*cfv))}});
    }
    return accepted({{"sha384", hexOfDigest(installedFile(item.text("source")))}});
}

Outcome hashCmdline(const Case& item)
{
    // The text is what the kernel sees, with the firmware's words for an initrd.
    const auto options = kit::loadOptions(item.text("text"), false, kit::LoadOptionsForm::InitrdLast);
    return accepted({{"sha384", hexOfDigest(options)}});
}

Outcome hashConstants(const Case& item)
{
    Json texts = Json::object();
    for (const std::string_view text : {kit::kCallingApplication, kit::kExitInvocation, kit::kExitReturned})
        texts[std::string(text)] = hex(textEvent(text).digest);
    if (item.expect().contains("ascii_no_nul"))
        for (const auto& [text, digest] : item.expect()["ascii_no_nul"].items())
            texts[text] = hex(textEvent(text).digest);
    return accepted(
        {{"ascii_no_nul", texts}, {"separator_00000000", hex(separatorEvent("separator").digest)}});
}

Outcome deriveAcpi(const Case& item)
{
    const Bytes blob = item.roleFile("acpi_tables");
    const AcpiTables acpi = AcpiTables::of(blob, {}, {}, AcpiOrigin::File, "");
    Json tables = Json::array();
    for (const AcpiTable& table : listAcpiTables(blob))
        tables.push_back({table.signature, table.offset, table.length});
    return accepted({{"loader_sha384", hex(acpi.loader)},
                     {"rsdp_sha384", hex(acpi.rsdp)},
                     {"tables_sha384", hex(acpi.tables)},
                     {"tables", tables}});
}

Outcome hashPe(const Case& item)
{
    constexpr std::array kSha384{kit::HashAlgorithm::Sha2_384};
    const Bytes image = item.roleFile("pe");
    return accepted(
        {{"sha384", hex(kit::authenticode(image, kSha384, kit::PePadding::ToEight).front().view())}});
}

Outcome patchKernel(const Case& item)
{
    Bytes kernel = item.roleFile("kernel");
    const auto initrd = item.has("initrd_size") ? std::optional(item.number("initrd_size")) : std::nullopt;
    kit::patchKernelHeader(kernel, kit::lowMemory(kit::Board::Q35, item.number("memory_bytes")), initrd,
                           item.text("cmdline", ""));
    const auto at = [&](std::size_t offset) {
        kit::Reader in(kernel, "kernel");
        in.skip(offset);
        return in;
    };
    return accepted({{"vid_mode", at(0x1FA).u16()},
                     {"type_of_loader", at(0x210).u8()},
                     {"loadflags", at(0x211).u8()},
                     {"ramdisk_image", at(0x218).u32()},
                     {"ramdisk_size", at(0x21C).u32()},
                     {"heap_end_ptr", at(0x224).u16()},
                     {"cmd_line_ptr", at(0x228).u32()},
                     {"sha384_of_patched_file", hexOfDigest(kernel)}});
}

Outcome runRtmr(const Case& item)
{
    const std::map<std::string, Runner> operations{
        {"replay", replayLog}, {"td_hob", hashTdHob},    {"uefi_variable", hashVariables},
        {"cfv", hashCfv},      {"cmdline", hashCmdline}, {"constants", hashConstants},
        {"acpi", deriveAcpi},  {"authenticode", hashPe}, {"qemu_legacy_patch", patchKernel}};
    const auto found = operations.find(item.text("operation"));
    if (found == operations.end())
        throw NotUnderstood("the operation \"" + item.text("operation") + "\" is not known");
    return found->second(item);
}

Runner refusing(Runner runner)
{
    return [runner = std::move(runner)](const Case& item) {
        try {
            return runner(item);
        } catch (const kit::InputError& e) {
            return refused(e.reason(), e.what());
        }
    };
}

} // namespace

void addTdxMeasureCases(Runners& runners)
{
    runners["mrtd"] = {refusing(runMrtd), {"tdvf"}};
    runners["rtmr"] = {refusing(runRtmr), {"ccel", "quote", "tdvf", "acpi_tables", "pe", "kernel"}};
}

} // namespace teehost::cases
