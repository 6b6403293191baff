// SPDX-License-Identifier: Apache-2.0
#include "vm_id_block.h"

#include <teehost/kit/file.h>
#include <teehost/kit/reader.h>

#include "input_error.h"
#include "launch/id_block_sign.h"
#include "operator_error.h"

namespace teehost::sev_snp {
namespace {

constexpr std::size_t kMaxFileBytes = 16 * 1024; // the base64 of 4096 bytes, with line ends

/// Contents of a file with `size` bytes as they are, or as base64 that may end with a line end.
kit::Bytes readBinaryOrBase64(std::string_view path, std::string_view what, std::size_t size)
{
    kit::Bytes bytes = kit::readFile(path, what, kMaxFileBytes);
    if (bytes.size() == size)
        return bytes;
    std::string_view text = kit::textOf(bytes);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    return kit::fromBase64(text).value_or(std::move(bytes)); // the parser says what is wrong with it
}

[[noreturn]] void contradicts(const std::string& what, const std::string& block, const std::string& vm)
{
    throw sdk::Error(TH_FAILED_PRECONDITION,
                     "the ID block is for the " + what + " " + block + ", this VM has " + vm,
                     "make id_block and id_auth for this image, kernel, vCPU count, CPU model and policy, or "
                     "have them made for each VM with sev-snp.id_key",
                     "sev-snp.id_block");
}

void expectAgreement(const IdBlock& block, const LaunchPrediction& prediction)
{
    if (block.digest != prediction.launch.digest)
        contradicts("launch digest", kit::toHex(block.digest), kit::toHex(prediction.launch.digest));
    if (block.policy != prediction.policy)
        contradicts("guest policy", kit::hexNumber(block.policy), kit::hexNumber(prediction.policy));
}

VmIdBlock readGiven(const Configuration& configuration, const LaunchPrediction& prediction)
{
    VmIdBlock id;
    id.block = readingOption("id_block", [&] {
        return IdBlock::parse(readBinaryOrBase64(configuration.idBlock, "ID block", kIdBlockSize));
    });
    readingOption("id_auth", [&] {
        id.auth = IdAuth::parse(
            readBinaryOrBase64(configuration.idAuth, "ID authentication information", kIdAuthSize));
        verifyId(id.block, id.auth);
    });
    expectAgreement(id.block, prediction);
    return id;
}

/// Of everything that is signed: the block, and who signs.
kit::Sha256Digest identityOf(const IdBlock& block, const PrivateKey& id, const PrivateKey* author)
{
    kit::Sha256 hasher;
    hasher.update(block.encode());
    hasher.update(id.publicKey().bytes());
    if (author != nullptr)
        hasher.update(author->publicKey().bytes());
    return hasher.finish();
}

VmIdBlock make(const Configuration& configuration, const LaunchPrediction& prediction,
               IdSignatures& signatures)
{
    VmIdBlock id;
    id.block.digest = prediction.launch.digest;
    id.block.familyId = configuration.familyId;
    id.block.imageId = configuration.imageId;
    id.block.guestSvn = configuration.guestSvn;
    id.block.policy = prediction.policy;
    const auto read = [](std::string_view option, const std::string& path) {
        return readingOption(option, [&] { return PrivateKey::read(path); });
    };
    const PrivateKey idKey = read("id_key", configuration.idKey);
    std::optional<PrivateKey> author;
    if (!configuration.authorKey.empty())
        author = read("author_key", configuration.authorKey);
    const PrivateKey* const authorKey = author ? &*author : nullptr;
    const auto identity = identityOf(id.block, idKey, authorKey);
    const auto made = signatures.find(identity);
    id.auth = made ? *made : signatures.keep(identity, signId(id.block, idKey, authorKey));
    return id;
}

} // namespace

std::optional<IdAuth> IdSignatures::find(const kit::Sha256Digest& of) const
{
    const std::lock_guard lock(mutex_);
    const auto it = made_.find(of);
    return it == made_.end() ? std::nullopt : std::optional(it->second);
}

IdAuth IdSignatures::keep(const kit::Sha256Digest& of, const IdAuth& auth)
{
    constexpr std::size_t kMost = 256; // as many kinds of VMs as a host has; 4 KiB each
    const std::lock_guard lock(mutex_);
    if (made_.size() >= kMost)
        made_.clear();
    return made_.emplace(of, auth).first->second;
}

std::optional<VmIdBlock> idBlockFor(const Configuration& configuration, const LaunchPrediction& prediction,
                                    IdSignatures& signatures)
{
    if (configuration.idBlock.empty() && configuration.idKey.empty())
        return std::nullopt;
    if (prediction.igvmId)
        throw sdk::Error(TH_FAILED_PRECONDITION,
                         "the IGVM file \"" + prediction.image.path +
                             "\" has an ID block, and another one is configured",
                         "leave sev-snp.id_block and sev-snp.id_key empty, or use a file without an ID block",
                         configuration.idBlock.empty() ? "sev-snp.id_key" : "sev-snp.id_block");
    return configuration.idBlock.empty() ? make(configuration, prediction, signatures)
                                         : readGiven(configuration, prediction);
}

} // namespace teehost::sev_snp
