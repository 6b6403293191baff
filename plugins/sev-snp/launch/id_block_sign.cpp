// SPDX-License-Identifier: Apache-2.0
#include "launch/id_block_sign.h"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <teehost/kit/crypto_error.h>
#include <teehost/kit/openssl_handle.h>
#include <teehost/kit/openssl_scope.h>

#include "input_error.h"

namespace teehost::sev_snp {
namespace {

constexpr std::size_t kMaxPemBytes = 16 * 1024;

/// Text that is wiped when it goes.
class SecretBuffer {
public:
    SecretBuffer() = default;
    SecretBuffer(const SecretBuffer&) = delete;
    SecretBuffer& operator=(const SecretBuffer&) = delete;
    ~SecretBuffer() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    /// Reads to the end of `fd`; false when it is longer than the buffer.
    bool fill(int fd)
    {
        while (length_ < bytes_.size()) {
            const ssize_t count = ::read(fd, bytes_.data() + length_, bytes_.size() - length_);
            if (count == 0)
                return true;
            if (count < 0 && errno != EINTR)
                throw std::system_error(errno, std::generic_category(), "cannot read the key");
            length_ += count > 0 ? static_cast<std::size_t>(count) : 0;
        }
        return false;
    }
    [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), length_}; }

private:
    std::array<char, kMaxPemBytes> bytes_{};
    std::size_t length_ = 0;
};

class KeyFile {
public:
    explicit KeyFile(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))
    {
        if (fd_ < 0)
            throw std::system_error(errno, std::generic_category(), "cannot open key \"" + path + "\"");
    }
    KeyFile(const KeyFile&) = delete;
    KeyFile& operator=(const KeyFile&) = delete;
    ~KeyFile() { ::close(fd_); }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

void expectPrivate(int fd, const std::string& path)
{
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        throw InputError("id_key_file", "key \"" + path + "\" is not a regular file");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        throw InputError("id_key_file", "key \"" + path + "\" may be used by group or others");
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        throw InputError("id_key_file", "key \"" + path + "\" belongs to another user, number " +
                                            std::to_string(status.st_uid));
}

/// Without one, OpenSSL would ask on the terminal.
int noPassphrase(char*, int, int, void*) { return -1; }

std::array<std::uint8_t, 72> littleEndian(const BIGNUM* number)
{
    std::array<std::uint8_t, 72> out{};
    if (BN_bn2lebinpad(number, out.data(), static_cast<int>(out.size())) < 0)
        throw kit::CryptoError("a signature does not fit into an ID block");
    return out;
}

} // namespace

PrivateKey PrivateKey::read(std::string_view path)
{
    const std::string name(path);
    const KeyFile file(name);
    expectPrivate(file.fd(), name);
    SecretBuffer pem;
    if (!pem.fill(file.fd()))
        throw InputError("id_key_file", "key \"" + name + "\" is longer than a PEM key can be");
    return fromPem(pem.text());
}

PrivateKey PrivateKey::fromPem(std::string_view pem)
{
    const kit::OpensslScope scope;
    const kit::Handle<BIO, BIO_free> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const std::shared_ptr<EVP_PKEY> key(
        in ? PEM_read_bio_PrivateKey(in.get(), nullptr, noPassphrase, nullptr) : nullptr, EVP_PKEY_free);
    if (!key)
        throw InputError("id_key_file", "the key is not a private key in PEM without a passphrase");
    if (!kit::PublicKey(key).isOn(kit::Curve::P384))
        throw InputError("id_key_curve", "ID and author keys must be EC keys on P-384");
    return PrivateKey(key);
}

IdKey PrivateKey::publicKey() const { return IdKey::of(kit::PublicKey(key_)); }

IdSignature PrivateKey::sign(kit::ByteView message) const
{
    const kit::OpensslScope scope;
    const kit::Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    std::array<unsigned char, 256> der{}; // P-384 needs 104
    std::size_t length = der.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha384(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), der.data(), &length, message.data(), message.size()) != 1)
        throw kit::CryptoError("cannot sign with the key");
    const unsigned char* at = der.data();
    const kit::Handle<ECDSA_SIG, ECDSA_SIG_free> signature(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
    if (!signature)
        throw kit::CryptoError("cannot read the signature that was just made");
    return {littleEndian(ECDSA_SIG_get0_r(signature.get())), littleEndian(ECDSA_SIG_get0_s(signature.get()))};
}

IdAuth signId(const IdBlock& block, const PrivateKey& id, const PrivateKey* author)
{
    IdAuth auth;
    auth.idKey = id.publicKey();
    auth.blockSignature = id.sign(block.encode());
    if (author != nullptr) {
        auth.authorKey = author->publicKey();
        auth.keySignature = author->sign(auth.idKey.bytes());
    }
    return auth;
}

} // namespace teehost::sev_snp
