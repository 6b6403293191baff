// SPDX-License-Identifier: Apache-2.0
//
// Bytes that may be a key: the memory is wiped before it goes back to the heap, also when the vector grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <string.h>

namespace teehost::plugin {

template <class T>
struct WipingAllocator {
    using value_type = T;

    WipingAllocator() noexcept = default;
    template <class U>
    explicit(false) WipingAllocator(const WipingAllocator<U>&) noexcept
    {
    }

    T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* memory, std::size_t count) noexcept
    {
        explicit_bzero(memory, count * sizeof(T)); // memset here may be optimised away: the memory is dead
        std::allocator<T>().deallocate(memory, count);
    }
    bool operator==(const WipingAllocator&) const noexcept { return true; }
};

using SensitiveBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

} // namespace teehost::plugin
