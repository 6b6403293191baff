// SPDX-License-Identifier: Apache-2.0
#include <ctime>
#include <new>
#include <utility>

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "teehost/kit/openssl_handle.h"
#include "teehost/kit/openssl_scope.h"
#include "teehost/kit/x509.h"

namespace teehost::kit {
namespace {

struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;

/// One search for a path from a leaf to one of the anchors.
class PathSearch {
public:
    /// The certificates must outlive it.
    PathSearch(const Certificate& leaf, std::span<const Certificate> untrusted,
               std::span<const Certificate> anchors)
        : store_(X509_STORE_new()), untrusted_(sk_X509_new_null()), context_(X509_STORE_CTX_new())
    {
        if (!store_ || !untrusted_ || !context_)
            throw std::bad_alloc();
        for (const Certificate& anchor : anchors)
            if (X509_STORE_add_cert(store_.get(), anchor.raw()) != 1)
                throw std::bad_alloc();
        for (const Certificate& one : untrusted)
            if (sk_X509_push(untrusted_.get(), one.raw()) == 0)
                throw std::bad_alloc();
        if (X509_STORE_CTX_init(context_.get(), store_.get(), leaf.raw(), untrusted_.get()) != 1)
            throw std::bad_alloc();
    }

    void setFlags(unsigned long flags) { X509_STORE_CTX_set_flags(context_.get(), flags); }
    void setTime(UnixSeconds at) { X509_STORE_CTX_set_time(context_.get(), 0, static_cast<std::time_t>(at)); }

    /// Why there is no path.
    std::optional<std::string> fault()
    {
        if (X509_verify_cert(context_.get()) == 1)
            return std::nullopt;
        return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context_.get()));
    }
    /// The path that was found, from the leaf to the anchor.
    [[nodiscard]] STACK_OF(X509) * path() const { return X509_STORE_CTX_get0_chain(context_.get()); }

private:
    Handle<X509_STORE, X509_STORE_free> store_;
    Stack untrusted_;
    Handle<X509_STORE_CTX, X509_STORE_CTX_free> context_; // points to the others
};

} // namespace

FoundChain findChain(const Certificate& leaf, std::span<const Certificate> pool,
                     std::span<const Certificate> anchors, UnixSeconds at)
{
    const OpensslScope scope;
    PathSearch search(leaf, pool, anchors);
    search.setFlags(X509_V_FLAG_PARTIAL_CHAIN);
    search.setTime(at);
    if (auto fault = search.fault())
        return {.fault = std::move(fault)};
    FoundChain found;
    for (int i = 1; i < sk_X509_num(search.path()); ++i)
        found.issuers.push_back(Certificate::sharing(sk_X509_value(search.path(), i)));
    return found;
}

} // namespace teehost::kit
