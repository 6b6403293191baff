// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <teehost/kit/reader.h>

#include "appraisal.h"
#include "host_data.h"
#include "predict.h"
#include "sev_snp.h"
#include "vm_id_block.h"

namespace teehost::sev_snp {
namespace {

constexpr std::string_view kRegister = "LAUNCH_DIGEST";
constexpr std::size_t kMostEvents = 4000; // of the contract's 4096; an IGVM file may scatter its pages

/// The VM as it is meant. Who asks about no particular VM and names a firmware means that firmware, whatever
/// IGVM file the host would boot.
Configuration meantBy(Configuration configuration, const sdk::Vm& vm)
{
    if (vm.vmId().empty() && vm.igvm().empty() && !vm.firmwareCode().empty())
        configuration.igvmFile.clear();
    return configuration;
}

std::string rangeOf(const LaunchEvent& event)
{
    const std::string pages = event.pages == 1 ? "1 page" : std::to_string(event.pages) + " pages";
    return std::string(nameOf(event.type)) + ", " + pages + " at " + kit::hexNumber(event.gpa);
}

void reportEvents(const LaunchPrediction& prediction, sdk::Reference out)
{
    const auto& events = prediction.launch.provenance;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (i == kMostEvents && i + 1 < events.size()) {
            const std::string rest = std::to_string(events.size() - i) + " further stretches of pages";
            out.event(kRegister, TH_ALG_SHA384, rest, prediction.image.path, events.back().after);
            return;
        }
        out.event(kRegister, TH_ALG_SHA384, events[i].what + ": " + rangeOf(events[i]), prediction.image.path,
                  events[i].after);
    }
}

void reportId(const IdBlock& block, const IdAuth& auth, sdk::Reference out)
{
    out.value("snp.family_id", sdk::ByteView(block.familyId));
    out.value("snp.image_id", sdk::ByteView(block.imageId));
    out.value("snp.guest_svn", std::uint64_t{block.guestSvn});
    out.value("snp.id_key_digest", sdk::ByteView(auth.idKey.digest()));
    out.value("snp.author_key_digest", sdk::ByteView(auth.authorKey.digest()));
}

} // namespace

void SevSnp::measure(sdk::Call, const sdk::MeasureRequest& request, sdk::Reference out)
{
    const Configuration configuration = meantBy(configuration_, request.vm);
    const LaunchPrediction prediction = predictLaunch(configuration, host_, request.vm);
    out.reg(kRegister, TH_ALG_SHA384, prediction.launch.digest);
    out.value("snp.policy", kit::hexNumber(prediction.policy));
    if (prediction.cpuSignature) // told, since two digests may differ by it alone; reports do not show it
        out.value(reference::kCpuSignature, kit::hexNumber(*prediction.cpuSignature));
    if (const auto hostData = hostDataFor(configuration, request.vm))
        out.value("snp.host_data", sdk::ByteView(hostData->bytes));
    if (prediction.igvmId)
        reportId(prediction.igvmId->block, prediction.igvmId->auth, out);
    else if (const auto id = idBlockFor(configuration, prediction, idSignatures_))
        reportId(id->block, id->auth, out);
    reportEvents(prediction, out);
    if (!prediction.allVcpusKnown)
        out.event(kRegister, TH_ALG_SHA384,
                  "not in this digest: the state of vCPUs after the first, which the IGVM file leaves to KVM",
                  prediction.image.path, prediction.launch.digest);
}

} // namespace teehost::sev_snp
