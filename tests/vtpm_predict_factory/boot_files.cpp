// SPDX-License-Identifier: Apache-2.0
#include "vtpm_predict_factory/boot_files.h"

#include <stdexcept>

#include <lzma.h>

#include "boot_factory/boot_files.h"
#include "boot_factory/writer.h"

namespace teehost::vtpm_factory {
namespace {

using boot_factory::kVolumeHeader;
using boot_factory::volume;
using boot_factory::Writer;

kit::Bytes section(std::uint8_t type, kit::ByteView content)
{
    Writer out;
    if (content.size() + 4 < 0xFF'FFFF)
        out.number(content.size() + 4, 3).number(type, 1);
    else
        out.number(0xFF'FFFF, 3).number(type, 1).number(content.size() + 8, 4);
    return out.add(content).take();
}

kit::Bytes file(std::uint8_t type, kit::ByteView content)
{
    Writer out;
    out.padTo(18, 0x11).number(type, 1).number(0, 1).number(content.size() + 24, 3).number(0xF8, 1);
    return out.add(content).take();
}

kit::Bytes compress(kit::ByteView content)
{
    lzma_options_lzma options;
    lzma_lzma_preset(&options, 1);
    options.dict_size = 1u << 20;
    lzma_stream stream = LZMA_STREAM_INIT;
    kit::Bytes out(content.size() + 4096);
    if (lzma_alone_encoder(&stream, &options) != LZMA_OK)
        throw std::runtime_error("liblzma cannot compress");
    stream.next_in = content.data();
    stream.avail_in = content.size();
    stream.next_out = out.data();
    stream.avail_out = out.size();
    const bool done = lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END;
    out.resize(stream.total_out);
    lzma_end(&stream);
    if (!done)
        throw std::runtime_error("liblzma cannot compress");
    for (std::size_t i = 0; i < 8; ++i) // edk2's tool states the size; liblzma leaves it open
        out[5 + i] = static_cast<std::uint8_t>(content.size() >> (8 * i));
    return out;
}

} // namespace

kit::Bytes FirmwareBuilder::peiVolume() const { return volume({}, peiBytes, {}, 0); }
kit::Bytes FirmwareBuilder::dxeVolume() const { return volume({}, dxeBytes, {}, fill); }

kit::Bytes FirmwareBuilder::build() const
{
    constexpr kit::Guid kLzma = kit::uefiGuid("ee4e5898-3914-4259-9d6e-dc7bd79403cf");
    Writer inner;
    for (std::size_t i = 0; i < volumes; ++i) {
        const kit::Bytes image = i == 0 ? peiVolume() : dxeVolume();
        inner.align(4, 0).add(section(0x17, image));
    }
    Writer guided;
    guided.add(kLzma).number(24, 2).number(1, 2).add(compress(inner.take()));
    Writer files;
    files.add(file(0xF0, kit::Bytes(20, 0xFF))).align(8, 0xFF);
    files.add(file(0x0B, section(0x02, guided.take()))).align(8, 0xFF);
    const kit::Bytes content = files.take();
    return volume({}, (kVolumeHeader + content.size() + 0x1000) / 0x1000 * 0x1000, content, 0xFF);
}

} // namespace teehost::vtpm_factory
