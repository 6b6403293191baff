// SPDX-License-Identifier: Apache-2.0
//
// Owners of OpenSSL's objects: Handle<BIO, BIO_free> calls BIO_free when it goes.
#pragma once

#include <memory>

namespace teehost::kit {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept
    {
        Free(object);
    }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;

} // namespace teehost::kit
