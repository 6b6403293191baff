// SPDX-License-Identifier: Apache-2.0
//
// Bytes in the order they are written, apart from the library that reads them; numbers are little endian.
#pragma once

#include <utility>

#include <teehost/kit/bytes.h>

namespace teehost::boot_factory {

class Writer {
public:
    Writer& number(std::uint64_t value, std::size_t size)
    {
        for (std::size_t i = 0; i < size; ++i)
            bytes_.push_back(static_cast<std::uint8_t>(i < sizeof value ? value >> (8 * i) : 0));
        return *this;
    }
    Writer& add(kit::ByteView bytes)
    {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Writer& padTo(std::size_t size, std::uint8_t with)
    {
        if (bytes_.size() < size)
            bytes_.resize(size, with);
        return *this;
    }
    Writer& align(std::size_t to, std::uint8_t with)
    {
        return padTo((bytes_.size() + to - 1) / to * to, with);
    }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] kit::Bytes take() { return std::move(bytes_); }

private:
    kit::Bytes bytes_;
};

} // namespace teehost::boot_factory
