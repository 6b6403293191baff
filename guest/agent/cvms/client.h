// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <grpcpp/security/credentials.h>

#include "guest/agent/cvms/backoff.h"
#include "guest/agent/cvms/client_settings.h"
#include "guest/agent/cvms/outbox.h"
#include "guest/agent/cvms/replies.h"
#include "guest/agent/cvms/tls_files.h"

namespace teehost::guest {

/// Plain text when there is no CA certificate: clientSettings() has made sure that this is meant.
[[nodiscard]] std::shared_ptr<grpc::ChannelCredentials> credentialsOf(const TlsFiles& files);

/// The surroundings of the client: they take its own lines, and answer its questions.
struct ClientHooks {
    std::function<void(LogLevel, std::string_view)> log; ///< from the thread that runs the client
    RequestHooks requests;                               ///< from any thread
};

/// Keeps a connection to the service, dialing again after a Backoff, and sends what is in the outbox. Returns
/// when the service has asked it to disconnect, and after Outbox::finish(): then at once when there is no
/// connection.
void runClient(const ClientSettings& settings, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
               Outbox& outbox, Backoff backoff, const ClientHooks& hooks);

} // namespace teehost::guest
