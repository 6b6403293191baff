// SPDX-License-Identifier: Apache-2.0
#include "snp_factory/images.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <boost/crc.hpp>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "guid.h"
#include "launch/igvm_file.h"
#include "launch/vmsa.h"

namespace teehost::snp_factory {

using namespace sev_snp;
namespace {

/// Appends little endian numbers and bytes.
class Writer {
public:
    template <std::unsigned_integral T>
    Writer& put(T number)
    {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            out_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i)));
        return *this;
    }
    Writer& put(kit::ByteView bytes)
    {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Writer& zeros(std::size_t count)
    {
        out_.resize(out_.size() + count);
        return *this;
    }
    [[nodiscard]] kit::Bytes take() { return std::move(out_); }
    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }

private:
    kit::Bytes out_;
};

// ---- OVMF ----

kit::Bytes metadataOf(const OvmfBuilder& ovmf)
{
    constexpr std::uint32_t kHeader = 16, kItem = 12;
    const auto count = static_cast<std::uint32_t>(ovmf.sections.size());
    Writer out;
    out.put(kit::viewOf("ASEV")).put(kHeader + kItem * count).put(std::uint32_t{1}).put(count);
    for (const MetadataSection& section : ovmf.sections)
        out.put(section.gpa).put(section.size).put(static_cast<std::uint32_t>(section.type));
    return out.take();
}

/// An entry of the table: its data, then size and GUID.
void putEntry(Writer& out, const Guid& guid, kit::ByteView data)
{
    out.put(data).put(static_cast<std::uint16_t>(data.size() + 18)).put(kit::ByteView(guid));
}

kit::Bytes tableOf(const OvmfBuilder& ovmf, std::uint32_t metadata_from_end)
{
    Writer out;
    if (ovmf.hasMetadata)
        putEntry(out, uefiGuid("dc886566-984a-4798-a75e-5585a7bf67cc"),
                 Writer().put(metadata_from_end).take());
    if (ovmf.hashTable)
        putEntry(out, uefiGuid("7255371f-3a3b-4b04-927b-1da6efa8d454"),
                 Writer().put(ovmf.hashTable->base).put(ovmf.hashTable->size).take());
    if (ovmf.apResetEip)
        putEntry(out, uefiGuid("00f771de-1a7e-4fcb-890e-68c77e2fb44e"),
                 Writer().put(*ovmf.apResetEip).take());
    const auto whole = static_cast<std::uint16_t>(out.size() + 18);
    out.put(whole).put(kit::ByteView(uefiGuid("96b582de-1fb2-45f7-baea-a366c55a082d")));
    return out.take();
}

void place(kit::Bytes& into, kit::ByteView bytes, std::size_t from_end)
{
    std::copy(bytes.begin(), bytes.end(), into.end() - static_cast<std::ptrdiff_t>(from_end));
}

// ---- IGVM ----

constexpr std::uint32_t kMask = 1;
constexpr std::uint8_t kPlatformTdx = 3;

struct PendingPage {
    std::size_t offsetAt; ///< in the headers, of the field that says where the contents are
    kit::Bytes contents;
};

class IgvmWriter {
public:
    explicit IgvmWriter(const IgvmBuilder& igvm) : igvm_(igvm) {}

    kit::Bytes run()
    {
        header(IgvmHeaderType::SupportedPlatform, Writer()
                                                      .put(kMask)
                                                      .put(std::uint8_t{2})
                                                      .put(igvm_.forSnp ? kIgvmPlatformSnp : kPlatformTdx)
                                                      .put(std::uint16_t{1})
                                                      .zeros(8)
                                                      .take());
        if (igvm_.policy)
            header(IgvmHeaderType::GuestPolicy, Writer().put(*igvm_.policy).put(kMask).zeros(4).take());
        if (igvm_.id)
            idBlock(*igvm_.id);
        using At = IgvmBuilder::VpContext;
        if (igvm_.vpContext == At::First)
            vpContext();
        pageWithoutData(0x1000, 1); // secrets
        pageWithoutData(0x2000, 2); // CPUID
        for (std::size_t i = 0; i < igvm_.pages; ++i) {
            if (igvm_.vpContext == At::BeforeLastPage && i + 1 == igvm_.pages)
                vpContext();
            page(0x100000 + i * kPageSize, kit::Bytes(kPageSize, static_cast<std::uint8_t>(igvm_.fill + i)));
        }
        if (igvm_.vpContext == At::Last)
            vpContext();
        return assemble();
    }

private:
    void header(IgvmHeaderType type, kit::ByteView body)
    {
        headers_.put(static_cast<std::uint32_t>(type)).put(static_cast<std::uint32_t>(body.size())).put(body);
        headers_.zeros((8 - headers_.size() % 8) % 8);
    }

    static kit::Bytes pageData(std::uint64_t gpa, std::uint16_t type, std::uint32_t flags = 0)
    {
        return Writer().put(gpa).put(kMask).zeros(4).put(flags).put(type).zeros(2).take();
    }
    void pageWithoutData(std::uint64_t gpa, std::uint16_t type)
    {
        header(IgvmHeaderType::PageData, pageData(gpa, type));
    }
    /// The next header is to say, 12 bytes into its body, where these are.
    void withContents(kit::Bytes contents)
    {
        pending_.push_back({headers_.size() + 8 + 12, std::move(contents)});
    }
    void page(std::uint64_t gpa, kit::Bytes contents)
    {
        withContents(std::move(contents));
        header(IgvmHeaderType::PageData, pageData(gpa, 0, igvm_.pageFlags));
    }
    void vpContext()
    {
        VmsaInput state;
        state.sevFeatures = igvm_.sevFeatures;
        Page vmsa = vmsaPage(state);
        vmsa[kVmsaCr0] = static_cast<std::uint8_t>(igvm_.cr0);
        withContents(kit::Bytes(vmsa.begin(), vmsa.end()));
        header(IgvmHeaderType::VpContext, Writer().put(kVmsaGpa).put(kMask).zeros(8).take());
    }

    /// The firmware's key of 0x404 bytes is curve, x and y; here 4 reserved bytes follow the curve.
    static void putKey(Writer& out, const IdKey& key)
    {
        const kit::ByteView bytes(key.bytes());
        out.put(bytes.first(4)).zeros(4).put(bytes.subspan(4, 144));
    }
    void idBlock(const IgvmId& id)
    {
        constexpr std::uint32_t kAlgorithm = 1;
        Writer out;
        out.put(kMask).put(std::uint8_t{id.authorKeyEnabled}).zeros(3);
        out.put(kit::ByteView(id.block.digest))
            .put(kit::ByteView(id.block.familyId))
            .put(kit::ByteView(id.block.imageId));
        out.put(id.block.version).put(id.block.guestSvn).put(kAlgorithm);
        out.put(id.authorKeyEnabled ? kAlgorithm : 0u);
        out.put(kit::ByteView(id.auth.blockSignature.r)).put(kit::ByteView(id.auth.blockSignature.s));
        putKey(out, id.auth.idKey);
        out.put(kit::ByteView(id.auth.keySignature.r)).put(kit::ByteView(id.auth.keySignature.s));
        putKey(out, id.auth.authorKey);
        header(IgvmHeaderType::SnpIdBlock, out.take());
    }

    kit::Bytes assemble()
    {
        constexpr std::size_t kFixed = 24;
        kit::Bytes headers = headers_.take();
        const std::size_t dataStart = kFixed + headers.size();
        for (std::size_t i = 0; i < pending_.size(); ++i) {
            const auto offset = Writer().put(static_cast<std::uint32_t>(dataStart + i * kPageSize)).take();
            std::copy(offset.begin(), offset.end(),
                      headers.begin() + static_cast<std::ptrdiff_t>(pending_[i].offsetAt));
        }
        const auto total = static_cast<std::uint32_t>(dataStart + pending_.size() * kPageSize);
        const auto fixed = [&](std::uint32_t checksum) {
            return Writer()
                .put(std::uint32_t{0x4d564749})
                .put(std::uint32_t{1})
                .put(static_cast<std::uint32_t>(kFixed))
                .put(static_cast<std::uint32_t>(headers.size()))
                .put(total)
                .put(checksum)
                .take();
        };
        boost::crc_32_type crc;
        const kit::Bytes unsummed = fixed(0);
        crc.process_bytes(unsummed.data(), unsummed.size());
        crc.process_bytes(headers.data(), headers.size());
        Writer out;
        out.put(fixed(crc.checksum())).put(headers);
        for (const PendingPage& page : pending_)
            out.put(page.contents);
        return out.take();
    }

    const IgvmBuilder& igvm_;
    Writer headers_;
    std::vector<PendingPage> pending_;
};

} // namespace

OvmfBuilder OvmfBuilder::withoutKernelHashes()
{
    OvmfBuilder ovmf;
    ovmf.hashTable.reset();
    std::erase_if(ovmf.sections, [](const auto& s) { return s.type == SectionType::KernelHashes; });
    return ovmf;
}

kit::Bytes OvmfBuilder::build() const
{
    constexpr std::size_t kResetVector = 0x20;
    constexpr std::uint32_t kMetadataFromEnd = 1024;
    kit::Bytes image(size, fill);
    if (hasMetadata)
        place(image, metadataOf(*this), kMetadataFromEnd);
    const kit::Bytes table = tableOf(*this, kMetadataFromEnd);
    place(image, table, kResetVector + table.size());
    return image;
}

kit::Bytes IgvmBuilder::build() const { return IgvmWriter(*this).run(); }

std::string newKeyPem(const char* curve)
{
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen(curve), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    if (!key || PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        throw std::runtime_error("cannot make a key");
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

} // namespace teehost::snp_factory
