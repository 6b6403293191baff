// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "host/base/log.h"
#include "host/settings/settings.h"

namespace teehost::api {

/// PEM files of a TLS server; all paths, empty = not set.
struct TlsPaths {
    std::string certificate, key, clientCa;
    std::string clientCaOption = {}; ///< which of the two options clientCa came from

    [[nodiscard]] bool enabled() const noexcept { return !certificate.empty() || !key.empty(); }
};

/// The files that `PREFIX.server_cert` and `.server_key` name, and the CA of clients: `.client_ca_certs`, or
/// `.server_ca_certs` when that one alone is set. The Cocos Manager demands certificates of clients with
/// either.
[[nodiscard]] TlsPaths tlsPaths(const settings::Settings& settings, const std::string& optionPrefix);

/// Throws FailedPrecondition with a sentence: a certificate without its key, a file that does not parse, a
/// key that does not fit the certificate, a certificate that has expired.
void checkTlsFiles(const TlsPaths& paths, const std::string& optionPrefix);

/// Watches an operator's files and hands only complete, fitting sets on, as copies in a private directory.
/// A half-replaced pair would make every new handshake fail otherwise. Not thread-safe: one thread calls
/// refresh().
class TlsPublisher {
public:
    /// Publishes once; throws as checkTlsFiles does.
    TlsPublisher(TlsPaths source, std::filesystem::path directory, std::string optionPrefix, const Log& log);
    ~TlsPublisher();

    /// Publishes again when a source file has changed, or copies have vanished, and the set is good. When it
    /// is not, logs one warning for each change and each other reason.
    void refresh();
    [[nodiscard]] const TlsPaths& published() const noexcept { return published_; }

private:
    using Stamp = std::map<std::string, std::filesystem::file_time_type>;
    [[nodiscard]] Stamp stamp() const;
    [[nodiscard]] bool complete() const;
    void publish();

    TlsPaths source_, published_;
    std::filesystem::path directory_;
    std::string optionPrefix_;
    const Log& log_;
    Stamp seen_;
    std::string complaint_; ///< the last warning's, until the files have changed or are good
    unsigned generation_ = 0;
};

} // namespace teehost::api
