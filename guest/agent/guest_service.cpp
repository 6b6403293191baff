// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/guest_service.h"

#include <grpcpp/grpcpp.h>

#include "guest/agent/attest/endorsement.h"
#include "guest/agent/rpc_status.h"
#include "teehost/v1/guest.grpc.pb.h"

namespace teehost::guest {
namespace {

using grpc::ServerContext;

class GuestService final : public v1::GuestService::Service {
    grpc::Status GetEndorsement(ServerContext*, const v1::GetEndorsementRequest*,
                                v1::GetEndorsementResponse* response) override
    {
        return unlessItFails([&] {
            const Endorsement its = endorsement();
            add("tpm.ek", its.key, *response);
            if (its.certificate)
                add("tpm.ek_certificate", *its.certificate, *response);
            return grpc::Status::OK;
        });
    }

    grpc::Status AnswerChallenge(ServerContext*, const v1::AnswerChallengeRequest* request,
                                 v1::AnswerChallengeResponse* response) override
    {
        return unlessItFails([&] {
            response->set_answer(answerChallenge(request->challenge()));
            return grpc::Status::OK;
        });
    }

    static void add(const char* kind, const std::string& data, v1::GetEndorsementResponse& response)
    {
        auto& piece = *response.add_pieces();
        piece.set_kind(kind);
        piece.set_data(data);
    }
};

} // namespace

std::unique_ptr<grpc::Service> makeGuestService() { return std::make_unique<GuestService>(); }

} // namespace teehost::guest
