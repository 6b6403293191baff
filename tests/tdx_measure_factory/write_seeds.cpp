// SPDX-License-Identifier: Apache-2.0
//
// tdx-measure-seeds CORPUS: writes the seeds of the fuzz targets tdx_tdvf, tdx_event_log and tdx_acpi below
// tests/fuzz/corpus. The first takes the last bytes of an image.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "tdx_measure_factory/acpi.h"
#include "tdx_measure_factory/ccel.h"
#include "tdx_measure_factory/tdvf.h"

namespace {

using namespace teehost;
using namespace teehost::tdx_factory;

void write(const std::filesystem::path& path, const kit::Bytes& content)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << kit::textOf(content);
    if (!out.flush())
        throw std::runtime_error("cannot write " + path.string());
}

kit::Bytes endOf(const TdvfBuilder& builder)
{
    const kit::Bytes image = builder.build();
    return {image.begin() + static_cast<std::ptrdiff_t>(TdvfBuilder::metadataOffset()), image.end()};
}

void writeImages(const std::filesystem::path& corpus)
{
    const auto seed = [&](const char* name, const TdvfBuilder& builder) {
        write(corpus / "tdx_tdvf" / name, endOf(builder));
    };
    const auto sections = TdvfBuilder().sections;
    seed("complete", {});
    seed("no-footer", {.hasFooter = false});
    seed("no-entry", {.hasEntry = false});
    seed("entry-without-length", {.entrySize = 0});
    seed("entry-too-long", {.entrySize = 0xFFFF});
    seed("outside", {.fromEnd = 0x7FFF'FFFF});
    seed("signature", {.signature = "ASEV"});
    seed("version", {.version = 2});
    seed("count-wraps", {.count = 0x0800'0006});
    seed("huge-section", {.sections = {sections[0], sections[4], {0, 0, 0, 1ull << 40, 3, 0}}});
    seed("added-later", {.sections = {sections[0], sections[4], {0, 0, 0, 1ull << 40, 4, 2}}});
    seed("part-of-a-page", {.sections = {{0, 0x123, 0xFFFF'0000, 0x1000, 0, 1}, sections[4]}});
    seed("data-outside", {.sections = {{0xFFFF'F000, 0x2000, 0, 0x2000, 0, 1}, sections[4]}});
    seed("no-hob", {.sections = {sections[0], sections[2]}});
    seed("payload", {.sections = {sections[0], sections[4], {0, 0x1000, 0x100'0000, 0x1000, 5, 0}}});
}

void writeLogs(const std::filesystem::path& corpus)
{
    const auto seed = [&](const char* name, const CcelBuilder& builder) {
        write(corpus / "tdx_event_log" / name, builder.build());
    };
    const auto events = directBoot("quiet");
    seed("direct-boot", {.events = events, .size = 0});
    seed("rest-of-ones", {.events = {events[0], events[7]}, .size = 400});
    seed("rest-of-zeros", {.events = {events[0], events[7]}, .size = 400, .fill = 0});
    seed("rest-of-text", {.events = {events[7]}, .size = 300, .fill = 'x'});
    seed("empty", {.size = 100});
    seed("mrtd", {.events = {{0, 0x4, "x", "x"}}, .size = 0});
    seed("rtmr4", {.events = {{5, 0x4, "x", "x"}}, .size = 0});
    seed("algorithm", {.events = {events[7]}, .size = 0, .algorithm = 0x12});
    seed("acpi", {.events = {events[8], events[9], events[10]}, .size = 0});
}

void writeAcpi(const std::filesystem::path& corpus)
{
    const auto seed = [&](const char* name, AcpiBuilder builder) {
        builder.size = 0x400;
        write(corpus / "tdx_acpi" / name, builder.build());
    };
    seed("without-hpet", {});
    seed("with-hpet", AcpiBuilder::withHpet());
    seed("tpm", {.tables = {{"FACS", 64}, {"DSDT", 40}, {"FACP", 244}, {"TPM2", 76}, {"RSDT", 44}}});
    seed("no-facs", {.tables = {{"DSDT", 40}, {"RSDT", 36}}});
    seed("two-dsdt", {.tables = {{"FACS", 64}, {"DSDT", 40}, {"DSDT", 40}, {"FACP", 244}, {"RSDT", 40}}});
    seed("short-facp", {.tables = {{"FACS", 64}, {"DSDT", 40}, {"FACP", 148}, {"RSDT", 40}}});
    seed("odd-rsdt", {.tables = {{"FACS", 64}, {"DSDT", 40}, {"FACP", 244}, {"RSDT", 41}}});
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: tdx-measure-seeds CORPUS\n", stderr);
        return 2;
    }
    try {
        writeImages(argv[1]);
        writeLogs(argv[1]);
        writeAcpi(argv[1]);
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "tdx-measure-seeds: %s\n", e.what());
        return 1;
    }
}
