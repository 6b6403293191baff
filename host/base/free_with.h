// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace teehost {

/// The deleter of a C library's objects: std::unique_ptr<BIO, FreeWith<BIO_free>>.
template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept
    {
        Free(object);
    }
};

} // namespace teehost
