// SPDX-License-Identifier: Apache-2.0
#include "cli/attest/evidence_files.h"

#include <teehost/kit/evidence_file.h>
#include <teehost/kit/input_error.h>

#include "cli/failure.h"

namespace teehost::cli {
namespace {

using kit::FilePart;
using Role = FilePart::Role;

constexpr const char* kEventLogKind = "event_log";

/// The parts of `file` by `read`, each named after the file and its place there.
template <class Read>
std::vector<std::pair<Role, NamedBlob>> partsOf(const NamedBlob& file, std::string_view option, Read&& read)
{
    std::vector<std::pair<Role, NamedBlob>> out;
    try {
        for (FilePart& part : read(file.blob.data)) {
            NamedBlob blob{file.path + (part.where.empty() ? "" : "#" + part.where),
                           {part.role == Role::EventLog ? kEventLogKind : "", std::move(part.data)},
                           std::move(part.how)};
            out.emplace_back(part.role, std::move(blob));
        }
        return out;
    } catch (const kit::InputError& error) {
        throw UsageFailure(std::string(option) + ": \"" + file.path + "\" is no evidence: " + error.what());
    }
}

} // namespace

EvidenceFiles readEvidence(const std::vector<std::string>& paths, std::string_view option)
{
    EvidenceFiles out;
    for (const NamedBlob& file : readBlobs(paths, option))
        for (auto& [role, part] : partsOf(file, option, kit::partsOfEvidence))
            (role == Role::Endorsement ? out.endorsements : out.evidence).push_back(std::move(part));
    if (out.evidence.empty() && !paths.empty()) // certificates alone are what is to be looked at
        std::swap(out.evidence, out.endorsements);
    return out;
}

std::vector<NamedBlob> readEventLogs(const std::vector<std::string>& paths, std::string_view option)
{
    std::vector<NamedBlob> out;
    for (const NamedBlob& file : readBlobs(paths, option))
        for (auto& [role, part] : partsOf(file, option, kit::partsOfEventLog)) {
            part.blob.kind = kEventLogKind;
            out.push_back(std::move(part));
        }
    return out;
}

std::vector<NamedBlob> readCollateral(const std::vector<std::string>& paths, std::string_view option)
{
    std::vector<NamedBlob> out;
    for (const NamedBlob& file : readBlobs(paths, option))
        for (auto& [role, part] : partsOf(file, option, kit::partsOfCollateral))
            out.push_back(std::move(part));
    return out;
}

} // namespace teehost::cli
