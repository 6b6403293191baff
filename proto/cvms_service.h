// SPDX-License-Identifier: Apache-2.0
//
// Client and server of cvms.Service, by hand: gRPC's generator for C++ makes a class Service in a class of
// the service's name, and so, of a service called Service, code that no compiler takes. This is what it makes
// of other names (src/compiler/cpp_generator.cc in gRPC 1.51), for the synchronous API.
#pragma once

#include <memory>

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/method_handler.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>

#include "cvms.pb.h"

namespace cvms {

inline constexpr const char* kProcessMethod = "/cvms.Service/Process";

using ProcessStream = grpc::ClientReaderWriter<ClientStreamMessage, ServerStreamMessage>;

/// Opens the stream; an error shows in its Finish(). `channel` and `context` outlive the stream.
inline std::unique_ptr<ProcessStream> openProcess(grpc::ChannelInterface& channel,
                                                  grpc::ClientContext& context)
{
    static const grpc::internal::RpcMethod method(kProcessMethod, grpc::internal::RpcMethod::BIDI_STREAMING);
    using Factory = grpc::internal::ClientReaderWriterFactory<ClientStreamMessage, ServerStreamMessage>;
    return std::unique_ptr<ProcessStream>(Factory::Create(&channel, method, &context));
}

/// For grpc::ServerBuilder::RegisterService.
class ProcessService : public grpc::Service {
public:
    using Stream = grpc::ServerReaderWriter<ServerStreamMessage, ClientStreamMessage>;

    ProcessService()
    {
        using Handler =
            grpc::internal::BidiStreamingHandler<ProcessService, ClientStreamMessage, ServerStreamMessage>;
        const auto call = [](ProcessService* service, grpc::ServerContext* context, Stream* stream) {
            return service->process(*context, *stream);
        };
        AddMethod(new grpc::internal::RpcServiceMethod(
            kProcessMethod, grpc::internal::RpcMethod::BIDI_STREAMING, new Handler(call, this)));
    }

    /// One stream, in a thread of its own; its return ends the stream.
    virtual grpc::Status process(grpc::ServerContext& context, Stream& stream) = 0;
};

} // namespace cvms
