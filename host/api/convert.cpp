// SPDX-License-Identifier: Apache-2.0
#include "host/api/convert.h"

#include <memory>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>

#include "host/base/error.h"
#include "host/base/text.h"

namespace teehost::api {
namespace {

using google::protobuf::Message;

/// SHA-256 of the message in its deterministic encoding: equal exactly when the requests are.
std::string fingerprint(const Message& message)
{
    std::string bytes;
    bytes.reserve(message.ByteSizeLong()); // growing would leave copies of the secrets behind
    {
        google::protobuf::io::StringOutputStream stream(&bytes);
        google::protobuf::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        message.SerializeToCodedStream(&coded);
    }
    std::vector<std::uint8_t> digest(32);
    const int ok = ::EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, ::EVP_sha256(), nullptr);
    ::explicit_bzero(bytes.data(), bytes.size()); // it holds the request's secrets
    if (ok != 1)
        throw Error(Category::Internal, "SHA-256 is not available");
    return toHex(digest);
}

Secret take(std::string* text) { return Secret(std::move(*text)); }

google::protobuf::Timestamp timestamp(std::chrono::system_clock::time_point time)
{
    const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    google::protobuf::Timestamp out;
    out.set_seconds(nanos / 1'000'000'000);
    out.set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
    return out;
}

v1::AttestationStanding toProto(vm::Standing standing)
{
    switch (standing) {
    case vm::Standing::Unknown:
        return v1::ATTESTATION_STANDING_UNKNOWN;
    case vm::Standing::Attested:
        return v1::ATTESTATION_STANDING_ATTESTED;
    case vm::Standing::Failed:
        return v1::ATTESTATION_STANDING_FAILED;
    case vm::Standing::Undecided:
        return v1::ATTESTATION_STANDING_UNDECIDED;
    }
    return v1::ATTESTATION_STANDING_UNSPECIFIED;
}

struct ToValue {
    v1::Value& out;
    void operator()(std::monostate) const {}
    void operator()(bool value) const { out.set_flag(value); }
    void operator()(std::int64_t value) const { out.set_integer(value); }
    void operator()(std::uint64_t value) const { out.set_number(value); }
    void operator()(const std::string& value) const { out.set_text(value); }
    void operator()(const plugin::Bytes& value) const { out.set_data(value.data(), value.size()); }
};

void toProto(const plugin::ClaimValue& value, v1::Value& out) { std::visit(ToValue{out}, value); }

void toProto(const plugin::CheckResult& check, v1::VerdictCheck& out)
{
    out.set_id(check.id);
    out.set_title(check.title);
    out.set_verdict(lowerCase(verdictName(check.verdict)));
    out.set_message(check.message);
    out.set_remedy(check.hint);
    toProto(check.expected, *out.mutable_expected());
    toProto(check.actual, *out.mutable_actual());
    out.set_required(check.required);
}

} // namespace

launch::VmRequest fromProto(manager::CreateReq&& request)
{
    launch::VmRequest out;
    out.names = &launch::kManagerFieldNames;
    out.fingerprint = fingerprint(request);
    if (!request.ttl().empty()) {
        try {
            out.ttl = parseDuration(request.ttl(), DurationUnits::Go);
        } catch (const Error& error) {
            throw InvalidArgument(error.what(), "ttl", error.hint());
        }
    }
    auto& agent = out.agent;
    agent.logLevel = request.agent_log_level();
    agent.serverUrl = request.agent_cvm_server_url();
    agent.caUrl = request.agent_cvm_ca_url();
    agent.serverCaCert = take(request.mutable_agent_cvm_server_ca_cert());
    agent.clientKey = take(request.mutable_agent_cvm_client_key());
    agent.clientCert = take(request.mutable_agent_cvm_client_cert());
    agent.certsToken = take(request.mutable_agent_certs_token());
    agent.awsAccessKeyId = take(request.mutable_aws_access_key_id());
    agent.awsSecretAccessKey = take(request.mutable_aws_secret_access_key());
    agent.awsEndpointUrl = request.aws_endpoint_url();
    agent.awsRegion = request.aws_region();
    agent.aaKbsParams = request.aa_kbs_params();
    return out;
}

launch::VmRequest fromProto(v1::CreateVmRequest&& request)
{
    launch::VmRequest out;
    out.names = &launch::kHostFieldNames;
    out.fingerprint = fingerprint(request);
    out.idempotencyKey = request.idempotency_key();
    out.backend = request.backend();
    if (request.has_vcpus())
        out.vcpus = request.vcpus();
    if (request.has_memory_bytes())
        out.memoryBytes = request.memory_bytes();
    out.kernel = request.kernel();
    out.initrd = request.initrd();
    if (request.has_cmdline())
        out.cmdline = request.cmdline();
    out.hostData.assign(request.host_data().begin(), request.host_data().end());
    if (request.has_ttl())
        out.ttl = fromProto(request.ttl(), "ttl");
    out.labels.insert(request.labels().begin(), request.labels().end());
    out.maxRestarts = request.max_restarts();
    out.ready = request.ready();
    if (request.has_end_on_boot_timeout())
        out.endOnBootTimeout = request.end_on_boot_timeout();
    auto& from = *request.mutable_agent();
    auto& agent = out.agent;
    agent.logLevel = from.log_level();
    agent.serverUrl = from.server_url();
    agent.caUrl = from.ca_url();
    agent.serverCaCert = take(from.mutable_server_ca_cert());
    agent.clientKey = take(from.mutable_client_key());
    agent.clientCert = take(from.mutable_client_cert());
    agent.certsToken = take(from.mutable_certs_token());
    agent.awsAccessKeyId = take(from.mutable_aws_access_key_id());
    agent.awsSecretAccessKey = take(from.mutable_aws_secret_access_key());
    agent.awsEndpointUrl = from.aws_endpoint_url();
    agent.awsRegion = from.aws_region();
    agent.aaKbsParams = from.aa_kbs_params();
    return out;
}

std::chrono::nanoseconds fromProto(const google::protobuf::Duration& duration, const char* field)
{
    constexpr std::int64_t kMaxSeconds = 292LL * 365 * 24 * 3600; // what 64 bits of nanoseconds hold
    if (duration.seconds() < 0 || duration.seconds() > kMaxSeconds || duration.nanos() < 0 ||
        duration.nanos() > 999'999'999)
        throw InvalidArgument("must be a duration from 0 to 292 years", field);
    return std::chrono::seconds(duration.seconds()) + std::chrono::nanoseconds(duration.nanos());
}

VmId requireId(const std::string& text, const char* field)
{
    if (text.empty())
        throw InvalidArgument("must not be empty", field, "`teehost list` shows the ids");
    if (const auto id = VmId::parse(text))
        return *id;
    throw Error(Category::NotFound, "there is no VM of the id given in " + std::string(field),
                "ids are UUIDs in lower case; `teehost list` shows them");
}

v1::VmState toProto(vm::VmState state)
{
    switch (state) {
    case vm::VmState::Preparing:
        return v1::VM_STATE_PREPARING;
    case vm::VmState::Launching:
        return v1::VM_STATE_LAUNCHING;
    case vm::VmState::Booting:
        return v1::VM_STATE_BOOTING;
    case vm::VmState::Running:
        return v1::VM_STATE_RUNNING;
    case vm::VmState::Degraded:
        return v1::VM_STATE_DEGRADED;
    case vm::VmState::Unresponsive:
        return v1::VM_STATE_UNRESPONSIVE;
    case vm::VmState::Paused:
        return v1::VM_STATE_PAUSED;
    case vm::VmState::Restarting:
        return v1::VM_STATE_RESTARTING;
    case vm::VmState::Lost:
        return v1::VM_STATE_LOST;
    case vm::VmState::Stopping:
        return v1::VM_STATE_STOPPING;
    case vm::VmState::Cleaning:
        return v1::VM_STATE_CLEANING;
    case vm::VmState::Stopped:
        return v1::VM_STATE_STOPPED;
    case vm::VmState::Failed:
        return v1::VM_STATE_FAILED;
    }
    return v1::VM_STATE_UNSPECIFIED;
}

void toProto(const vm::VmView& view, const vm::Supervisor& supervisor, v1::Vm& out)
{
    const auto& spec = view.spec;
    out.set_id(spec.id.text());
    out.set_state(toProto(view.state));
    out.set_backend(spec.backend);
    out.set_accel(spec.accel);
    out.set_vcpus(spec.vcpus);
    out.set_memory_bytes(spec.memoryBytes);
    if (view.agentPort != 0)
        out.set_agent_address(view.agentAddress + ":" + std::to_string(view.agentPort));
    out.set_agent_port(view.agentPort);
    out.set_pid(view.pid);
    *out.mutable_created() = timestamp(view.created);
    *out.mutable_state_since() = timestamp(view.stateSince);
    if (view.deadline)
        *out.mutable_deadline() = timestamp(*view.deadline);
    out.mutable_labels()->insert(spec.labels.begin(), spec.labels.end());
    out.set_cause(view.cause);
    out.set_remedy(view.remedy);
    out.set_kernel(spec.kernel);
    out.set_initrd(spec.initrd);
    out.set_cmdline(spec.cmdline);
    out.set_idempotency_key(spec.idempotencyKey);
    out.set_cpu_model(view.cpuModel);
    out.set_max_restarts(spec.maxRestarts);
    out.set_restarts(view.restarts);
    out.set_ready(spec.ready);
    out.set_up_signal(std::string(vm::signalName(view.signal)));
    if (agent::isListening(view.answer))
        out.set_agent_protocol(std::string(agent::answerName(view.answer)));
    out.set_attestation(toProto(view.standing));
    if (view.standing != vm::Standing::Unknown)
        *out.mutable_attested() = timestamp(view.attested);
    out.set_attestation_reason(view.attestationReason);
    out.set_firmware_version(supervisor.firmwareVersion());
    out.set_eos_version(supervisor.facts().eosVersion);
}

void toProto(const vm::Verdict& verdict, v1::Attestation& out)
{
    out.set_standing(toProto(verdict.standing));
    out.set_reason(verdict.reason);
    *out.mutable_at() = timestamp(verdict.at);
    out.set_nonce(verdict.nonce.data(), verdict.nonce.size());
    for (const auto& one : verdict.plugins) {
        auto& to = *out.add_verdicts();
        to.set_plugin(one.plugin);
        to.set_accepted(one.result.accepted);
        to.set_reason(one.result.reason);
        for (const auto& check : one.result.checks)
            toProto(check, *to.add_checks());
        for (const auto& claim : one.result.claims) {
            auto& into = *to.add_claims();
            into.set_key(claim.key);
            toProto(claim.value, *into.mutable_value());
        }
    }
}

void toProto(const vm::Event& event, v1::Event& out)
{
    out.set_seq(event.seq);
    *out.mutable_at() = timestamp(event.at);
    out.set_vm_id(event.vmId);
    out.set_kind(event.kind);
    out.set_message(event.message);
    if (event.state)
        out.set_state(toProto(*event.state));
    if (event.previous)
        out.set_previous(toProto(*event.previous));
    out.mutable_fields()->insert(event.fields.begin(), event.fields.end());
}

} // namespace teehost::api
