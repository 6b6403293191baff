// SPDX-License-Identifier: Apache-2.0
#include "vtpm_factory/soft_tpm.h"

namespace teehost::vtpm_factory {
namespace {

constexpr std::uint32_t kPcrs = 24;

void extend(Bytes& pcr, HashAlgorithm bank, kit::ByteView digest)
{
    const auto value = kit::hash(bank, Writer().raw(pcr).raw(digest).bytes());
    pcr.assign(value.view().begin(), value.view().end());
}

Bytes utf16(std::string_view text)
{
    Writer out;
    for (const char c : text)
        out.little(static_cast<unsigned char>(c), 2);
    return out.bytes();
}

Bytes variable(std::string_view name, kit::ByteView data)
{
    static constexpr std::uint8_t kGlobal[] = {0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11,
                                               0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C};
    return Writer()
        .raw(kGlobal)
        .little(name.size(), 8)
        .little(data.size(), 8)
        .raw(utf16(name))
        .raw(data)
        .bytes();
}

Bytes bytesOf(std::string_view text) { return {text.begin(), text.end()}; }

} // namespace

std::vector<FakeEvent> directBoot(std::string_view command_line, bool secure_boot)
{
    const auto same = [](std::uint32_t pcr, std::uint32_t type, const Bytes& data) {
        return FakeEvent{pcr, type, data, data};
    };
    const Bytes separator(4);
    std::vector<FakeEvent> events{same(0, 0x8, {0, 0}),
                                  {0, 0x80000008, bytesOf("firmware"), Bytes(16, 1)},
                                  same(7, 0x80000001, variable("SecureBoot", Bytes{secure_boot})),
                                  same(7, 0x80000001, variable("PK", {})),
                                  same(7, 0x4, separator),
                                  {4, 0x80000003, bytesOf("kernel"), Bytes(32, 2)},
                                  same(4, 0x80000007, bytesOf("Calling EFI Application from Boot Option"))};
    for (std::uint32_t pcr = 0; pcr < 7; ++pcr)
        events.push_back(same(pcr, 0x4, separator));
    const Bytes options = utf16(std::string(command_line) + " initrd=initrd" + std::string(1, '\0'));
    events.push_back({9, 0x6, options, Bytes(8, 3)});
    events.push_back({9, 0x6, bytesOf("initrd"), Bytes(8, 4)});
    return events;
}

Bytes eventLog(const std::vector<FakeEvent>& events, const std::vector<HashAlgorithm>& banks)
{
    Writer header;
    header.text(std::string_view("Spec ID Event03\0", 16)).little(0, 4).raw(Bytes{0, 2, 0, 2});
    header.little(banks.size(), 4);
    for (const HashAlgorithm bank : banks)
        header.little(algId(bank), 2).little(kit::sizeOf(bank), 2);
    header.little(0, 1);
    Writer out;
    out.little(0, 4).little(3, 4).raw(Bytes(20)).little(header.bytes().size(), 4).raw(header.bytes());
    for (const FakeEvent& event : events) {
        out.little(event.pcr, 4).little(event.type, 4).little(banks.size(), 4);
        for (const HashAlgorithm bank : banks)
            out.little(algId(bank), 2).raw(kit::hash(bank, event.measured).view());
        out.little(event.data.size(), 4).raw(event.data);
    }
    return out.bytes();
}

Pcrs pcrsAfter(const std::vector<FakeEvent>& events, const std::vector<HashAlgorithm>& banks)
{
    Pcrs out;
    for (const HashAlgorithm bank : banks) {
        for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
            out[bank][pcr] = Bytes(kit::sizeOf(bank), pcr >= 17 && pcr <= 22 ? 0xFF : 0);
        for (const FakeEvent& event : events)
            extend(out[bank][event.pcr], bank, kit::hash(bank, event.measured).view());
    }
    return out;
}

Bytes imaLog(const std::vector<std::string>& paths, Pcrs& pcrs)
{
    Writer out, boot;
    for (unsigned pcr = 0; pcr < 10; ++pcr)
        boot.raw(pcrs[HashAlgorithm::Sha2_256][pcr]);
    const auto add = [&](const std::string& path, kit::ByteView digest) {
        const Bytes field = Writer().text(std::string_view("sha256:\0", 8)).raw(digest).bytes();
        const Bytes data = Writer()
                               .little(field.size(), 4)
                               .raw(field)
                               .little(path.size() + 1, 4)
                               .text(path)
                               .little(0, 1)
                               .bytes();
        out.little(10, 4).raw(kit::hash(HashAlgorithm::Sha1, data).view()).little(6, 4).text("ima-ng");
        out.little(data.size(), 4).raw(data);
        for (auto& [bank, values] : pcrs)
            extend(values[10], bank, kit::hash(bank, data).view());
    };
    add("boot_aggregate", kit::sha256(boot.bytes()));
    for (const std::string& path : paths)
        add(path, kit::sha256(kit::viewOf(path)));
    return out.bytes();
}

} // namespace teehost::vtpm_factory
