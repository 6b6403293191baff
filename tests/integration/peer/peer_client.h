// SPDX-License-Identifier: Apache-2.0
//
// A client of the agent that behaves as the Cocos CLI does: it asks for the health of "agent" first, uploads
// in pieces of a mebibyte, signs its role, and divides by the `file-size` of what it downloads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "agent.grpc.pb.h"
#include "peer/peer_key.h"

namespace teehost::test {

class PeerClient {
public:
    /// Fails the test unless the agent at that address is healthy by the name "agent".
    explicit PeerClient(const std::string& address);

    struct Download {
        grpc::Status status;
        std::string file;
        std::string pcr10; ///< of IMA's list
    };

    struct Algorithm {
        std::string program;
        std::string requirements = {};
        std::string type = "bin";
        std::vector<std::string> arguments = {};
    };

    grpc::Status algo(const Algorithm& algorithm, const PeerKey& key);
    grpc::Status data(const std::string& name, const std::string& bytes, const PeerKey& key,
                      bool decompress = false);
    Download result(const PeerKey& key);
    Download attestation(int type, const std::string& nonce);
    Download imaMeasurements(bool binary = false);

private:
    static void sign(grpc::ClientContext& context, const std::string& role, const PeerKey& key);

    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<agent::AgentService::Stub> agent_;
};

} // namespace teehost::test
