// SPDX-License-Identifier: Apache-2.0
#include "launch/ovmf_digest.h"

#include <string>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

class OvmfMeasurement {
public:
    OvmfMeasurement(const OvmfImage& image, const OvmfLaunch& launch)
        : image_(image), launch_(launch), chain_(launch.firmwareDigest.value_or(LaunchDigest{}))
    {
    }

    LaunchResult run()
    {
        addFirmware();
        addSections();
        addVcpus();
        return {chain_.digest(), std::move(provenance_)};
    }

private:
    void note(std::string what, PageType type, std::uint64_t gpa, std::uint64_t pages = 1)
    {
        provenance_.push_back({std::move(what), type, gpa, pages, chain_.digest()});
    }

    void addFirmware()
    {
        const std::size_t pages = image_.bytes.size() / kPageSize;
        if (!launch_.firmwareDigest)
            for (std::size_t page = 0; page < pages; ++page)
                chain_.add(PageType::Normal, image_.baseGpa() + page * kPageSize,
                           image_.bytes.subspan(page * kPageSize, kPageSize));
        note("firmware", PageType::Normal, image_.baseGpa(), pages);
    }

    void addSections()
    {
        if (!image_.hasSevMetadata)
            throw InputError("bad_sev_metadata",
                             "this firmware has no SEV metadata: it is not built for SEV-SNP");
        if (launch_.hashes && (image_.find(SectionType::KernelHashes) == nullptr || !image_.hashTable))
            throw InputError(
                "no_kernel_hashes_section",
                "this firmware takes no kernel hashes, so it would boot a kernel that is not measured");
        for (const MetadataSection& section : image_.sections)
            if (!isPostponed(section))
                addSection(section);
        for (const MetadataSection& section : image_.sections)
            if (isPostponed(section))
                addSection(section);
    }

    /// EC2 measures the CPUID page after all other sections.
    [[nodiscard]] bool isPostponed(const MetadataSection& section) const noexcept
    {
        return launch_.profile == VmsaProfile::Ec2 && section.type == SectionType::Cpuid;
    }

    void addSection(const MetadataSection& section)
    {
        const std::uint64_t pages = section.size / kPageSize;
        const auto add = [&](const char* what, PageType type) {
            chain_.addUncounted(type, section.gpa, pages);
            note(what, type, section.gpa, pages);
        };
        switch (section.type) {
        case SectionType::SecMemory:
            return add("SEC memory",
                       launch_.profile == VmsaProfile::Gce ? PageType::Unmeasured : PageType::Zero);
        case SectionType::Secrets:
            return add("secrets page", PageType::Secrets);
        case SectionType::Cpuid:
            return add("CPUID page", PageType::Cpuid);
        case SectionType::SvsmCaa:
            return add("SVSM calling area", PageType::Zero);
        case SectionType::KernelHashes:
            if (!launch_.hashes)
                return add("kernel hashes (none)", PageType::Zero);
            chain_.add(PageType::Normal, section.gpa, kernelHashesPage(*launch_.hashes, *image_.hashTable));
            return note("kernel hashes", PageType::Normal, section.gpa);
        }
    }

    [[nodiscard]] Page vmsa(std::uint32_t eip) const noexcept
    {
        return vmsaPage({launch_.profile, eip, launch_.cpuSignature, launch_.sevFeatures});
    }

    void addVcpus()
    {
        if (launch_.vcpus > 1 && image_.apResetEip.value_or(0) == 0)
            throw InputError("no_reset_block",
                             "this firmware does not say where vCPUs after the first start");
        const std::uint64_t gpa = launch_.profile == VmsaProfile::Gce
                                      ? (std::uint64_t{1} << launch_.gcePhysicalBits) - kPageSize
                                      : kVmsaGpa;
        if (launch_.vcpus == 0)
            return;
        chain_.add(PageType::Vmsa, gpa, vmsa(kBspResetEip));
        note("vmsa[0]", PageType::Vmsa, gpa);
        if (launch_.vcpus == 1)
            return;
        // The others are alike: hashed once, chained each.
        const auto contents = chain_.hashOf(vmsa(*image_.apResetEip));
        for (std::uint32_t vcpu = 1; vcpu < launch_.vcpus; ++vcpu)
            chain_.extend(PageType::Vmsa, gpa, contents);
        const std::uint32_t last = launch_.vcpus - 1;
        note(last == 1 ? "vmsa[1]" : "vmsa[1-" + std::to_string(last) + "]", PageType::Vmsa, gpa, last);
    }

    const OvmfImage& image_;
    const OvmfLaunch& launch_;
    PageChain chain_;
    Provenance provenance_;
};

} // namespace

LaunchResult measureOvmf(const OvmfImage& image, const OvmfLaunch& launch)
{
    return OvmfMeasurement(image, launch).run();
}

} // namespace teehost::sev_snp
