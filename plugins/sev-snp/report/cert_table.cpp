// SPDX-License-Identifier: Apache-2.0
#include "report/cert_table.h"

#include <algorithm>
#include <string>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

constexpr std::size_t kMostEntries = 64;

} // namespace

std::string_view nameOf(const Guid& guid) noexcept
{
    using namespace table_guid;
    if (guid == kVcek)
        return "VCEK";
    if (guid == kVlek)
        return "VLEK";
    if (guid == kAsk)
        return "ASK";
    if (guid == kArk)
        return "ARK";
    if (guid == kCrl)
        return "CRL";
    return guid == kExtraPlatformInfo ? "EXTRA_PLATFORM_INFO" : "";
}

std::string toText(const Guid& guid)
{
    const std::string hex = kit::toHex(guid);
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) +
           "-" + hex.substr(20);
}

bool holdsX509(const TableEntry& entry) noexcept
{
    return !nameOf(entry.guid).empty() && entry.guid != table_guid::kExtraPlatformInfo;
}

std::vector<TableEntry> readCertTable(kit::ByteView blob)
{
    if (kit::isZero(blob))
        return {};
    struct Place {
        Guid guid;
        std::uint32_t offset, length;
    };
    std::vector<Place> places;
    kit::Reader in(blob, "certificate table");
    withReason("auxblob_bounds", [&] {
        for (;;) {
            const Place place{in.array<16>(), in.u32(), in.u32()};
            if (kit::isZero(place.guid) && place.offset == 0 && place.length == 0)
                return;
            if (places.size() == kMostEntries)
                in.fail("more than 64 entries");
            if (std::any_of(places.begin(), places.end(),
                            [&](const Place& p) { return p.guid == place.guid; }))
                in.fail("a second entry " + toText(place.guid));
            places.push_back(place);
        }
    });
    std::vector<TableEntry> entries;
    for (const Place& place : places) {
        if (place.offset < in.offset() || place.offset > blob.size() ||
            place.length > blob.size() - place.offset)
            throw InputError("auxblob_bounds",
                             "the certificate table's entry " + toText(place.guid) + " lies at " +
                                 kit::hexNumber(place.offset) + " with " + std::to_string(place.length) +
                                 " bytes, outside the table's " + std::to_string(blob.size()));
        entries.push_back({place.guid, blob.subspan(place.offset, place.length)});
    }
    return entries;
}

} // namespace teehost::sev_snp
