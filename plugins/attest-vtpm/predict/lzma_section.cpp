// SPDX-License-Identifier: Apache-2.0
#include "predict/lzma_section.h"

#include <string>

#include <lzma.h>

#include <teehost/kit/input_error.h>

namespace teehost::vtpm {
namespace {

constexpr std::size_t kHeader = 13; // properties, dictionary size u32, size u64
// The decoder allocates the dictionary that the header asks for: edk2's tool asks for 16 MiB.
constexpr std::uint64_t kMostMemory = 80u << 20;
// A stream that unpacks to zeros is 7000 times smaller; only then does the header's size have to be believed
// before a byte was unpacked.
constexpr std::size_t kMostRatio = 8192;

[[noreturn]] void refuse(const std::string& why, std::size_t offset)
{
    throw kit::InputError("bad_firmware_lzma", "the firmware's compressed section " + why, offset);
}

class Decoder {
public:
    explicit Decoder(std::size_t offset) : offset_(offset)
    {
        if (lzma_alone_decoder(&stream_, kMostMemory) != LZMA_OK)
            refuse("cannot be unpacked: liblzma does not start", offset_);
    }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder() { lzma_end(&stream_); }

    /// Fills `out` with all that there is; the stream must have exactly as much.
    void run(kit::ByteView in, kit::Bytes& out)
    {
        stream_.next_in = in.data();
        stream_.avail_in = in.size();
        stream_.next_out = out.data();
        stream_.avail_out = out.size();
        const lzma_ret result = lzma_code(&stream_, LZMA_FINISH);
        // With its size in the header a stream ends by itself, or by filling the output.
        if (result == LZMA_MEMLIMIT_ERROR)
            refuse("asks for too much memory", offset_);
        if ((result != LZMA_OK && result != LZMA_STREAM_END) || stream_.avail_out != 0)
            refuse("is broken", offset_ + stream_.total_in);
    }

private:
    lzma_stream stream_ = LZMA_STREAM_INIT;
    std::size_t offset_;
};

} // namespace

kit::Bytes unpackLzma(kit::ByteView stream, std::size_t offset)
{
    if (stream.size() < kHeader)
        refuse("is too short", offset);
    kit::Reader header(stream.subspan(5), "LZMA header");
    const std::uint64_t size = header.u64();
    if (size > kMostUnpacked || size / kMostRatio > stream.size())
        refuse("states a size of " + kit::hexNumber(size) + " bytes", offset);
    kit::Bytes out(static_cast<std::size_t>(size));
    Decoder(offset).run(stream, out);
    return out;
}

} // namespace teehost::vtpm
