// SPDX-License-Identifier: Apache-2.0
#include "launch/igvm_digest.h"

#include <algorithm>
#include <map>
#include <string>

#include <teehost/kit/reader.h>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

constexpr std::size_t kPagesOf2MiB = 512;
constexpr std::uint64_t kMostPages =
    1u << 20; // 4 GiB: hundreds of times what real files fill, and chained in a second

// Of PAGE_DATA.
constexpr std::uint32_t kFlag2MiB = 1u << 0, kFlagUnmeasured = 1u << 1, kFlagShared = 1u << 2;
constexpr std::uint16_t kDataNormal = 0, kDataSecrets = 1, kDataCpuid = 2, kDataCpuidXf = 3;

class IgvmMeasuring {
public:
    IgvmMeasuring(const IgvmFile& file, const IgvmRules& rules)
        : file_(file), rules_(rules), mask_(file.snpMask())
    {
    }

    IgvmMeasurement run()
    {
        for (const IgvmHeader& header : file_.headers())
            withReason("igvm_header", [&] { take(header); });
        if (heldVmsa_)
            addVmsa(*heldVmsa_);
        out_.launch.digest = chain_.digest();
        if (id_)
            finishId();
        return std::move(out_);
    }

private:
    struct Area {
        std::uint64_t bytes = 0;
        bool inserted = false;
    };

    void take(const IgvmHeader& header)
    {
        kit::Reader in(header.body, "IGVM header");
        switch (header.type) {
        case IgvmHeaderType::GuestPolicy:
            return takePolicy(in, header);
        case IgvmHeaderType::ParameterArea:
            return takeArea(in, header);
        case IgvmHeaderType::PageData:
            return takePage(in, header);
        case IgvmHeaderType::ParameterInsert:
            return takeInsert(in, header);
        case IgvmHeaderType::VpContext:
            return takeVpContext(in, header);
        case IgvmHeaderType::RequiredMemory:
            in.skip(20);
            return expectZero(in.u32(), header);
        case IgvmHeaderType::SnpIdBlock:
            return takeIdBlock(in, header);
        case IgvmHeaderType::VpCount:
        case IgvmHeaderType::Madt:
        case IgvmHeaderType::MemoryMap:
        case IgvmHeaderType::EnvironmentInfo:
            return; // filled in by the loader, in areas that are not measured
        default:
            if (rules_.checkKvm)
                throw InputError("kvm_header",
                                 "QEMU does not load IGVM headers of type " +
                                     kit::hexNumber(static_cast<std::uint32_t>(header.type)),
                                 header.offset);
        }
    }

    [[nodiscard]] bool applies(std::uint32_t mask) const noexcept { return (mask & mask_) != 0; }

    static void expectZero(std::uint32_t reserved, const IgvmHeader& header)
    {
        if (reserved != 0)
            throw InputError("igvm_reserved", "reserved bytes of an IGVM header are not zero", header.offset);
    }

    void expectPage(std::uint64_t gpa, const IgvmHeader& header) const
    {
        if (gpa % kPageSize != 0)
            throw InputError("igvm_header", "the address " + kit::hexNumber(gpa) + " is not that of a page",
                             header.offset);
    }

    /// Counts pages, so that a small file cannot ask for hours of hashing.
    void expectAffordable(std::uint64_t pages, const IgvmHeader& header)
    {
        if (pages > kMostPages - pages_)
            throw InputError("igvm_header", "the IGVM file fills more than 4 GiB of memory", header.offset);
        pages_ += pages;
    }

    void note(const char* what, PageType type, std::uint64_t gpa, std::uint64_t pages)
    {
        auto& events = out_.launch.provenance;
        if (!events.empty() && events.back().what == what && events.back().type == type &&
            type != PageType::Vmsa && events.back().gpa + events.back().pages * kPageSize == gpa) {
            events.back().pages += pages;
            events.back().after = chain_.digest();
        } else {
            events.push_back({what, type, gpa, pages, chain_.digest()});
        }
    }

    void takePolicy(kit::Reader& in, const IgvmHeader& header)
    {
        const std::uint64_t policy = in.u64();
        const std::uint32_t mask = in.u32();
        expectZero(in.u32(), header);
        if (!applies(mask))
            return;
        if (out_.policy && *out_.policy != policy)
            throw InputError("igvm_header", "the IGVM file has two guest policies for SEV-SNP",
                             header.offset);
        out_.policy = policy;
    }

    void takeArea(kit::Reader& in, const IgvmHeader& header)
    {
        const std::uint64_t bytes = in.u64();
        const std::uint32_t index = in.u32();
        if (bytes == 0 || bytes % kPageSize != 0 || !areas_.emplace(index, Area{bytes, false}).second)
            throw InputError("igvm_parameter_area",
                             "parameter area " + std::to_string(index) + " has " + std::to_string(bytes) +
                                 " bytes, or is declared twice",
                             header.offset);
    }

    void takePage(kit::Reader& in, const IgvmHeader& header)
    {
        const std::uint64_t gpa = in.u64();
        const std::uint32_t mask = in.u32(), offset = in.u32(), flags = in.u32();
        const std::uint16_t type = in.u16();
        expectZero(in.u16(), header);
        if (!applies(mask))
            return;
        if ((flags & ~(kFlag2MiB | kFlagUnmeasured | kFlagShared)) != 0)
            throw InputError("igvm_reserved", "a page has unknown flags " + kit::hexNumber(flags),
                             header.offset);
        expectPage(gpa, header);
        expectBeforeVmsa(header);
        // QEMU does not look at the flag of shared pages (backends/igvm.c, qigvm_type_to_cgs_type): it hands
        // them over like others.
        anyPage_ = true;
        const bool isLarge = (flags & kFlag2MiB) != 0;
        if (isLarge && offset != 0)
            throw InputError("igvm_page_type", "a page of 2 MiB with data is not supported", header.offset);
        expectAffordable(isLarge ? kPagesOf2MiB : 1, header);
        addPage({gpa, offset, isLarge ? kPagesOf2MiB : 1, (flags & kFlagUnmeasured) != 0, type}, header);
    }

    struct PageRun {
        std::uint64_t gpa;
        std::uint32_t offset;
        std::uint64_t pages;
        bool unmeasured;
        std::uint16_t type;
    };

    void addPage(const PageRun& page, const IgvmHeader& header)
    {
        switch (page.type) {
        case kDataNormal:
            return addNormal(page, header);
        case kDataSecrets:
            return addUncounted("secrets page", PageType::Secrets, page);
        case kDataCpuid:
        case kDataCpuidXf:
            return addUncounted("CPUID page", PageType::Cpuid, page);
        default:
            throw InputError("igvm_page_type",
                             "a page has the unknown data type " + std::to_string(page.type), header.offset);
        }
    }

    void addUncounted(const char* what, PageType type, const PageRun& page)
    {
        chain_.addUncounted(type, page.gpa, page.pages);
        note(what, type, page.gpa, page.pages);
    }

    void addNormal(const PageRun& page, const IgvmHeader& header)
    {
        if (page.offset != 0) // checked even where the contents do not count: the loader reads them
            static_cast<void>(file_.pageAt(page.offset, header));
        if (page.unmeasured)
            return addUncounted("unmeasured page", PageType::Unmeasured, page);
        if (page.offset != 0) {
            chain_.add(PageType::Normal, page.gpa, file_.pageAt(page.offset, header));
            return note("page", PageType::Normal, page.gpa, 1);
        }
        if (rules_.nativeZero)
            return addUncounted("zero page", PageType::Zero, page);
        for (std::uint64_t i = 0; i < page.pages; ++i)
            chain_.extend(PageType::Normal, page.gpa + i * kPageSize, hashOfZeros());
        note("page of zeros", PageType::Normal, page.gpa, page.pages);
    }

    const kit::Sha384Digest& hashOfZeros()
    {
        if (!hashOfZeros_)
            hashOfZeros_ = chain_.hashOf(Page{});
        return *hashOfZeros_;
    }

    void takeInsert(kit::Reader& in, const IgvmHeader& header)
    {
        const std::uint64_t gpa = in.u64();
        const std::uint32_t mask = in.u32(), index = in.u32();
        if (!applies(mask))
            return;
        expectPage(gpa, header);
        const auto area = areas_.find(index);
        if (area == areas_.end() || area->second.inserted)
            throw InputError("igvm_parameter_area",
                             "parameter area " + std::to_string(index) +
                                 " does not exist, or is inserted twice",
                             header.offset);
        area->second.inserted = true;
        expectBeforeVmsa(header);
        anyInsert_ = true;
        // QEMU collects pages that follow each other and hands them over late, parameters at once.
        if (rules_.checkKvm && anyPage_)
            throw InputError("kvm_param_order",
                             "QEMU measures parameters that follow page data before that data",
                             header.offset);
        const std::uint64_t pages = area->second.bytes / kPageSize;
        expectAffordable(pages, header);
        chain_.addUncounted(PageType::Unmeasured, gpa, pages);
        note("parameters", PageType::Unmeasured, gpa, pages);
    }

    void expectBeforeVmsa(const IgvmHeader& header) const
    {
        if (rules_.checkKvm && anyVmsa_ && !vmsaIsFirst_)
            throw InputError("kvm_vmsa_order",
                             "KVM measures VMSAs last, but one stands amid the memory of this file; a file "
                             "has it before all memory or after it",
                             header.offset);
    }

    void takeVpContext(kit::Reader& in, const IgvmHeader& header)
    {
        const std::uint64_t gpa = in.u64();
        const std::uint32_t mask = in.u32(), offset = in.u32();
        in.skip(2); // index of the vCPU
        expectZero(in.u16(), header);
        if (!applies(mask))
            return;
        expectPage(gpa, header);
        const kit::ByteView vmsa = file_.pageAt(offset, header);
        if (rules_.checkKvm)
            expectKvmTakes(vmsa, gpa, header);
        anyVmsa_ = true;
        vmsaIsFirst_ = !anyPage_ && !anyInsert_;
        expectAffordable(1, header);
        if (rules_.checkKvm)
            heldVmsa_ = Vmsa{gpa, vmsa}; // KVM measures it when the launch ends, wherever the file has it
        else
            addVmsa({gpa, vmsa});
    }

    struct Vmsa {
        std::uint64_t gpa;
        kit::ByteView page;
    };

    void addVmsa(const Vmsa& vmsa)
    {
        chain_.add(PageType::Vmsa, vmsa.gpa, vmsa.page);
        note("vmsa", PageType::Vmsa, vmsa.gpa, 1);
    }

    void expectKvmTakes(kit::ByteView vmsa, std::uint64_t gpa, const IgvmHeader& header) const
    {
        if (anyVmsa_)
            throw InputError("kvm_vmsa_count", "KVM takes one VMSA from the file, this is another",
                             header.offset);
        if (gpa != kVmsaGpa)
            throw InputError("kvm_vmsa_gpa",
                             "KVM measures VMSAs at " + kit::hexNumber(kVmsaGpa) + ", the file says " +
                                 kit::hexNumber(gpa),
                             header.offset);
        const std::uint64_t cr0 = kit::Reader(vmsa.subspan(kVmsaCr0), "VMSA").u64();
        // ET alone is the state after a reset, as every vCPU of OVMF starts; else there are ET and NE.
        if (cr0 != 0x10 && cr0 != 0x30 && cr0 != 0x31)
            throw InputError("kvm_vmsa_cr0",
                             "KVM starts a vCPU with CR0 0x10, 0x30 or 0x31, the file says " +
                                 kit::hexNumber(cr0),
                             header.offset);
        const std::uint64_t features = kit::Reader(vmsa.subspan(kVmsaSevFeatures), "VMSA").u64();
        if ((features & kFeatureSnp) == 0)
            throw InputError("kvm_vmsa_features",
                             "the VMSA does not have SEV-SNP switched on (SEV_FEATURES " +
                                 kit::hexNumber(features) + ")",
                             header.offset);
    }

    void takeIdBlock(kit::Reader& in, const IgvmHeader& header)
    {
        const std::uint32_t mask = in.u32();
        const std::uint8_t authorKeyEnabled = in.u8();
        if (!kit::isZero(in.bytes(3)))
            throw InputError("igvm_reserved", "reserved bytes of an IGVM header are not zero", header.offset);
        if (!applies(mask))
            return;
        if (id_ || authorKeyEnabled > 1)
            throw InputError("igvm_header", "the IGVM file has two ID blocks for SEV-SNP, or a malformed one",
                             header.offset);
        IgvmId id;
        id.authorKeyEnabled = authorKeyEnabled == 1;
        id.block.digest = in.array<48>();
        id.block.familyId = in.array<16>();
        id.block.imageId = in.array<16>();
        id.block.version = in.u32();
        id.block.guestSvn = in.u32();
        in.skip(8); // algorithms: that of the key decides
        id.auth.blockSignature = {in.array<72>(), in.array<72>()};
        id.auth.idKey = readKey(in, header);
        id.auth.keySignature = {in.array<72>(), in.array<72>()};
        id.auth.authorKey = readKey(in, header);
        if (!id.authorKeyEnabled) {
            id.auth.keySignature = {};
            id.auth.authorKey = {};
        }
        id_ = id;
        idOffset_ = header.offset;
    }

    static IdKey readKey(kit::Reader& in, const IgvmHeader& header)
    {
        const std::uint32_t curve = in.u32();
        expectZero(in.u32(), header);
        const kit::ByteView x = in.bytes(72), y = in.bytes(72);
        return IdKey::of(curve, x, y);
    }

    void finishId()
    {
        if (!out_.policy)
            throw InputError("igvm_header", "the IGVM file has an ID block and no guest policy to go with it",
                             idOffset_);
        id_->block.policy = *out_.policy;
        if (!rules_.ignoreIdBlock && id_->block.digest != chain_.digest())
            throw InputError("igvm_idblock_mismatch",
                             "the ID block of the IGVM file is for the launch digest " +
                                 kit::toHex(id_->block.digest) + ", the file's is " +
                                 kit::toHex(chain_.digest()),
                             idOffset_);
        if (!rules_.ignoreIdBlock)
            verifyFileId();
        out_.id = id_;
    }

    void verifyFileId() const
    {
        if (id_->authorKeyEnabled && id_->auth.authorKey.isNone())
            throw InputError("id_key_signature", "the author key of the ID block is enabled and missing",
                             idOffset_);
        IdBlock signedBlock = id_->block;
        signedBlock.version = kIdBlockVersion; // what QEMU sends whatever the file says
        verifyId(signedBlock, id_->auth);
    }

    const IgvmFile& file_;
    IgvmRules rules_;
    std::uint32_t mask_;
    PageChain chain_;
    std::map<std::uint32_t, Area> areas_;
    std::optional<kit::Sha384Digest> hashOfZeros_;
    std::optional<IgvmId> id_;
    std::size_t idOffset_ = 0;
    std::uint64_t pages_ = 0;
    bool anyPage_ = false, anyInsert_ = false;
    bool anyVmsa_ = false;
    bool vmsaIsFirst_ = false; ///< the file has it before all memory
    std::optional<Vmsa> heldVmsa_;
    IgvmMeasurement out_;
};

} // namespace

IgvmMeasurement measureIgvm(const IgvmFile& file, const IgvmRules& rules)
{
    return IgvmMeasuring(file, rules).run();
}

} // namespace teehost::sev_snp
