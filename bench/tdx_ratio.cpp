// SPDX-License-Identifier: Apache-2.0
//
// What TDX costs beyond the hashing that cannot be avoided.
#include <array>
#include <cstdlib>

#include <openssl/evp.h>

#include "bench/ratio.h"
#include "tdx/measure/mrtd.h"
#include "tdx_measure_factory/tdvf.h"

namespace {

using namespace teehost;
using namespace teehost::tdx;

constexpr int kPairs = 201;
constexpr std::uint32_t kFirmwareBytes = 4u << 20;

/// An image whose code has 4 MiB.
kit::Bytes firmware()
{
    kit::Bytes file = tdx_factory::TdvfBuilder{
        .sections = {{0, kFirmwareBytes, (std::uint64_t{1} << 32) - kFirmwareBytes, kFirmwareBytes, 0, 1},
                     {0, 0, 0x809000, 0x2000, 2,
                      0}}}.build();
    file.insert(file.begin(), kFirmwareBytes - file.size(), 0x5a); // its metadata are found from the end
    return file;
}

void benchMrtd()
{
    const kit::Bytes file = firmware();
    const TdvfImage image = TdvfImage::parse(file);
    const kit::Bytes stream(mrtdBytes(image), 0x5a);
    const auto sha384 = [&] {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
        unsigned length = 0;
        if (EVP_Digest(stream.data(), stream.size(), digest.data(), &length, EVP_sha384(), nullptr) != 1)
            std::abort();
    };
    bench::printRatio(
        "MRTD of 4 MiB of firmware to SHA-384 of as many bytes as it hashes", 1.3, kPairs,
        [&] { static_cast<void>(computeMrtd(image, MrtdOrder::SinglePass)); }, sha384);
    bench::printRatio(
        "MRTD in two passes to one", 1.1, kPairs,
        [&] { static_cast<void>(computeMrtd(image, MrtdOrder::TwoPass)); },
        [&] { static_cast<void>(computeMrtd(image, MrtdOrder::SinglePass)); });
}

} // namespace

int main() { benchMrtd(); }
