// SPDX-License-Identifier: Apache-2.0
#include "host/api/tls_files.h"

#include <cerrno>
#include <memory>

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/error.h"
#include "host/base/free_with.h"
#include "host/base/unique_fd.h"

namespace teehost::api {
namespace {

// The directory holds the published files, each set in a folder of its own, and a link to the one that
// counts.
constexpr const char* kCurrent = "current";
constexpr const char* kKeyFile = "key.pem";
constexpr const char* kCertificateFile = "cert.pem";
constexpr const char* kCaFile = "ca.pem";

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

[[noreturn]] void refuse(const std::string& option, const std::string& path, const std::string& why,
                         const std::string& hint)
{
    throw Error(Category::FailedPrecondition, option + "=\"" + path + "\" " + why, hint);
}

Bio openPem(const std::string& path, const std::string& option)
{
    Bio bio(::BIO_new_file(path.c_str(), "re"));
    if (!bio)
        refuse(option, path, "cannot be read", "check the path and its permissions");
    return bio;
}

Certificate readCertificate(const std::string& path, const std::string& option)
{
    const Bio bio = openPem(path, option);
    Certificate certificate(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate)
        refuse(option, path, "holds no PEM certificate", "give a file with -----BEGIN CERTIFICATE-----");
    return certificate;
}

/// Gives OpenSSL no passphrase: the daemon has no terminal to ask for one.
int noPassphrase(char*, int, int, void*) { return -1; }

Key readKey(const std::string& path, const std::string& option)
{
    const Bio bio = openPem(path, option);
    Key key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassphrase, nullptr));
    if (!key)
        refuse(option, path, "holds no PEM private key that can be read without a passphrase",
               "decrypt it, or give the right file");
    return key;
}

void copyPrivately(const std::string& source, const std::filesystem::path& target)
{
    std::filesystem::copy_file(source, target);
    ::chmod(target.c_str(), 0600);
}

} // namespace

TlsPaths tlsPaths(const settings::Settings& settings, const std::string& prefix)
{
    TlsPaths paths{settings.text(prefix + ".server_cert"), settings.text(prefix + ".server_key"), {}};
    for (const auto& option : {prefix + ".client_ca_certs", prefix + ".server_ca_certs"})
        if (paths.clientCa.empty() && !settings.text(option).empty()) {
            paths.clientCa = settings.text(option);
            paths.clientCaOption = option;
        }
    return paths;
}

void checkTlsFiles(const TlsPaths& paths, const std::string& prefix)
{
    const std::string certOption = prefix + ".server_cert";
    const std::string keyOption = prefix + ".server_key";
    if (paths.certificate.empty() != paths.key.empty())
        throw Error(Category::FailedPrecondition,
                    (paths.certificate.empty() ? keyOption + " is set without " + certOption
                                               : certOption + " is set without " + keyOption),
                    "TLS needs both; the daemon does not fall back to plain text");
    const std::string caOption =
        paths.clientCaOption.empty() ? prefix + ".client_ca_certs" : paths.clientCaOption;
    if (!paths.clientCa.empty() && !paths.enabled())
        throw Error(Category::FailedPrecondition, caOption + " is set without a server certificate",
                    "client certificates need TLS: set " + certOption + " and " + keyOption);
    if (!paths.enabled())
        return;
    const auto certificate = readCertificate(paths.certificate, certOption);
    const auto key = readKey(paths.key, keyOption);
    if (::X509_check_private_key(certificate.get(), key.get()) != 1)
        refuse(keyOption, paths.key, "does not fit the certificate \"" + paths.certificate + "\"",
               "give the key the certificate was made for");
    if (::X509_cmp_current_time(::X509_get0_notAfter(certificate.get())) < 0)
        refuse(certOption, paths.certificate, "has expired", "renew it");
    if (!paths.clientCa.empty())
        readCertificate(paths.clientCa, caOption);
}

TlsPublisher::TlsPublisher(TlsPaths source, std::filesystem::path directory, std::string optionPrefix,
                           const Log& log)
    : source_(std::move(source)), directory_(std::move(directory)), optionPrefix_(std::move(optionPrefix)),
      log_(log)
{
    checkTlsFiles(source_, optionPrefix_);
    if (!source_.enabled())
        return;
    std::filesystem::remove_all(directory_);
    published_.key = directory_ / kCurrent / kKeyFile;
    published_.certificate = directory_ / kCurrent / kCertificateFile;
    if (!source_.clientCa.empty())
        published_.clientCa = directory_ / kCurrent / kCaFile;
    seen_ = stamp();
    publish();
}

TlsPublisher::~TlsPublisher()
{
    std::error_code ignored;
    if (source_.enabled())
        std::filesystem::remove_all(directory_, ignored);
}

TlsPublisher::Stamp TlsPublisher::stamp() const
{
    Stamp out;
    for (const auto& path : {source_.key, source_.certificate, source_.clientCa}) {
        std::error_code ignored;
        if (!path.empty())
            out[path] = std::filesystem::last_write_time(path, ignored);
    }
    return out;
}

bool TlsPublisher::complete() const
{
    std::error_code ignored;
    for (const auto& path : {published_.key, published_.certificate, published_.clientCa})
        if (!path.empty() && !std::filesystem::exists(path, ignored))
            return false;
    return true;
}

void TlsPublisher::publish()
{
    // The checked copies are those published, and all of them appear at once: the watcher must not see a key
    // and a certificate that do not fit.
    const auto generation = directory_ / std::to_string(++generation_);
    // The first two are there, unless a cleaner of temporary files took them.
    for (const auto& path : {directory_.parent_path(), directory_, generation})
        if (::mkdir(path.c_str(), 0700) != 0 && (errno != EEXIST || path == generation))
            throw systemError(Category::FailedPrecondition,
                              "cannot make the directory \"" + path.string() + "\"", errno);
    try {
        TlsPaths copies;
        copies.clientCaOption = source_.clientCaOption;
        copies.key = generation / kKeyFile;
        copies.certificate = generation / kCertificateFile;
        copyPrivately(source_.key, copies.key);
        copyPrivately(source_.certificate, copies.certificate);
        if (!source_.clientCa.empty()) {
            copies.clientCa = generation / kCaFile;
            copyPrivately(source_.clientCa, copies.clientCa);
        }
        checkTlsFiles(copies, optionPrefix_);
        const auto next = directory_ / "next";
        std::filesystem::remove(next);
        std::filesystem::create_symlink(generation.filename(), next);
        std::filesystem::rename(next, directory_ / kCurrent);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove_all(generation, ignored);
        throw;
    }
    std::error_code ignored; // left over until the daemon ends, at worst
    std::filesystem::remove_all(directory_ / std::to_string(generation_ - 1), ignored);
}

void TlsPublisher::refresh()
{
    if (!source_.enabled())
        return;
    const auto now = stamp();
    const bool haveCopies = complete();
    if (now == seen_ && haveCopies)
        return;
    if (now != seen_)
        complaint_.clear();
    seen_ = now;
    try {
        checkTlsFiles(source_, optionPrefix_); // words about the operator's files, not about our copies
        publish();
        complaint_.clear();
        log_.info("tls files replaced", {{"certificate", source_.certificate}});
    } catch (const std::exception& error) {
        const std::string text = haveCopies ? "tls files changed but are not usable; the old ones stay"
                                            : "the copies of the tls files that are served vanished, and the "
                                              "files are not usable; they are tried again";
        const std::string reason = describe(error);
        if (complaint_ == text + reason)
            return;
        complaint_ = text + reason;
        log_.warning(text, {{"error", reason}});
    }
}

} // namespace teehost::api
