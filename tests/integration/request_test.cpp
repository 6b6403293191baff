// SPDX-License-Identifier: Apache-2.0
//
// Requests that are refused, each before anything is started, and bytes that are no request at all.
#include <functional>

#include <cppunit/extensions/HelperMacros.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "support/guest_image.h"
#include "support/host_test.h"

namespace teehost::test {
namespace {

using grpc::StatusCode;

constexpr std::size_t kJunkBytes = 64u << 20;

/// Sends junk to a port of this machine until it is all gone or the other side hangs up.
void sendJunk(const std::string& address, std::size_t bytes)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CPPUNIT_ASSERT_EQUAL(0, ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to));
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    std::string block(1 << 20, '\0');
    for (std::size_t i = 0; i < block.size(); ++i)
        block[i] = static_cast<char>(i * 2654435761u >> 13);
    for (std::size_t sent = 0; sent < bytes; sent += block.size())
        if (::send(fd, block.data(), block.size(), MSG_NOSIGNAL) <= 0)
            break;
    ::close(fd);
}

class RequestTest final : public HostTest {
    CPPUNIT_TEST_SUITE(RequestTest);
    CPPUNIT_TEST(refusesWhatAManagersClientMustNotAsk);
    CPPUNIT_TEST(refusesWhatAClientMustNotAsk);
    CPPUNIT_TEST(refusesImagesOutsideOfTheirDirectories);
    CPPUNIT_TEST(bootsAnImageAndACommandLineOfTheClientsChoice);
    CPPUNIT_TEST(refusesIdsThatAreNone);
    CPPUNIT_TEST(survivesJunk);
    CPPUNIT_TEST_SUITE_END();

    template <class Request>
    using Change = std::function<void(Request&)>;

    template <class Request>
    struct Row {
        std::string words; ///< of the refusal; always the field's name
        Change<Request> change;
    };

    void requireNothingStarted()
    {
        CPPUNIT_ASSERT(client().events().empty());
        CPPUNIT_ASSERT(client().listVms(true).empty());
        CPPUNIT_ASSERT(std::filesystem::is_empty(stage().logs()));
        assertClean();
    }

    void refusesWhatAManagersClientMustNotAsk()
    {
        using Request = manager::CreateReq;
        const auto ttl = [](std::string value) -> Change<Request> {
            return [value](Request& request) { request.set_ttl(value); };
        };
        const auto kbs = [](std::string value) -> Change<Request> {
            return [value](Request& request) { request.set_aa_kbs_params(value); };
        };
        std::vector<Row<Request>> rows{
            {"agent_log_level", [](Request& r) { r.set_agent_log_level("info\nAGENT_CERTS_TOKEN=mine"); }},
            {"agent_log_level", [](Request& r) { r.set_agent_log_level(std::string("in\0fo", 5)); }},
            {"agent_log_level", [](Request& r) { r.set_agent_log_level(std::string(17 << 10, 'x')); }},
            {"agent_cvm_server_url", [](Request& r) { r.set_agent_cvm_server_url("a\rb"); }},
            {"agent_cvm_ca_url", [](Request& r) { r.set_agent_cvm_ca_url("a\x1b[2J"); }},
            {"agent_certs_token", [](Request& r) { r.set_agent_certs_token("a\nb"); }},
            {"aws_access_key_id", [](Request& r) { r.set_aws_access_key_id("a\nb"); }},
            {"aws_secret_access_key", [](Request& r) { r.set_aws_secret_access_key("a\nb"); }},
            {"aws_endpoint_url", [](Request& r) { r.set_aws_endpoint_url("a\nb"); }},
            {"aws_region", [](Request& r) { r.set_aws_region("a\nb"); }},
            {"agent_cvm_client_key",
             [](Request& r) { r.set_agent_cvm_client_key(std::string(2 << 20, 'k')); }},
            {"agent_cvm_client_cert",
             [](Request& r) { r.set_agent_cvm_client_cert(std::string(2 << 20, 'k')); }},
            {"agent_cvm_server_ca_cert",
             [](Request& r) { r.set_agent_cvm_server_ca_cert(std::string(2 << 20, 'k')); }},
        };
        for (const auto* value :
             {"soon", "0", "0s", "-1s", "1", "1d", "10h 5m", "721h", "9999999999999999999h", "1h\n"})
            rows.push_back({"ttl", ttl(value)});
        for (const auto* value :
             {"a b", "a\tb", "\"a\"", "a'b", "a\nb", "x init=/bin/sh", "a\\b", "\xc3\xbc"})
            rows.push_back({"aa_kbs_params", kbs(value)});
        rows.push_back({"aa_kbs_params", kbs(std::string(1025, 'x'))});
        startDaemon({{"vm.max_ttl", "720h"}});
        for (const auto& row : rows) {
            Request request;
            row.change(request);
            const auto answer = client().call(&Manager::CreateVm, request);
            requireStatus(answer.status, StatusCode::INVALID_ARGUMENT, row.words);
            requireLacks(answer.status.error_message(), "\033");
        }
        requireNothingStarted();
    }

    void refusesWhatAClientMustNotAsk()
    {
        using Request = v1::CreateVmRequest;
        const std::vector<Row<Request>> rows{
            {"agent.certs_token", [](Request& r) { r.mutable_agent()->set_certs_token("a\nb"); }},
            {"agent.aa_kbs_params", [](Request& r) { r.mutable_agent()->set_aa_kbs_params("a b"); }},
            {"idempotency_key", [](Request& r) { r.set_idempotency_key(std::string(65, 'k')); }},
            {"idempotency_key", [](Request& r) { r.set_idempotency_key("a/b"); }},
            {"backend", [](Request& r) { r.set_backend("nosuch"); }},
            {"backend", [](Request& r) { r.set_backend("../plain-kvm"); }},
            {"vcpus", [](Request& r) { r.set_vcpus(0); }},
            {"vcpus", [](Request& r) { r.set_vcpus(2); }},
            {"memory_bytes", [](Request& r) { r.set_memory_bytes(0); }},
            {"memory_bytes", [](Request& r) { r.set_memory_bytes((256u << 20) + 1); }},
            {"memory_bytes", [](Request& r) { r.set_memory_bytes(std::uint64_t{1} << 62); }},
            {"ttl", [](Request& r) { r.mutable_ttl()->set_seconds(0); }},
            {"ttl", [](Request& r) { r.mutable_ttl()->set_seconds(-5); }},
            {"ttl", [](Request& r) { r.mutable_ttl()->set_seconds(721 * 3600); }},
            {"ttl", [](Request& r) { r.mutable_ttl()->set_nanos(-1); }},
            {"kernel", [](Request& r) { r.set_kernel("/boot/vmlinuz"); }},
            {"initrd", [](Request& r) { r.set_initrd("/etc/passwd"); }},
            {"cmdline", [](Request& r) { r.set_cmdline("quiet"); }},
            {"labels", [](Request& r) { (*r.mutable_labels())[""] = "x"; }},
            {"labels", [](Request& r) { (*r.mutable_labels())["a b"] = "x"; }},
            {"labels", [](Request& r) { (*r.mutable_labels())[std::string(64, 'k')] = "x"; }},
            {"labels", [](Request& r) { (*r.mutable_labels())["k"] = std::string(256, 'x'); }},
            {"labels", [](Request& r) { (*r.mutable_labels())["k"] = "\x1b[31m"; }},
            {"labels",
             [](Request& r) {
                 for (int i = 0; i < 65; ++i)
                     (*r.mutable_labels())["k" + std::to_string(i)] = "x";
             }},
        };
        startDaemon({{"vm.max_ttl", "720h"}});
        for (const auto& row : rows) {
            Request request;
            row.change(request);
            requireStatus(client().call(&Host::CreateVm, request).status, StatusCode::INVALID_ARGUMENT,
                          row.words);
        }
        requireNothingStarted();
    }

    void refusesImagesOutsideOfTheirDirectories()
    {
        const auto images = stage().scratch / "images";
        std::filesystem::create_directories(images / "sub");
        std::filesystem::create_symlink("/etc/passwd", images / "escape");
        std::filesystem::create_symlink("/etc", images / "etc");
        writeFile(stage().scratch / "images-of-others", "x");
        startDaemon({{"vm.image_dirs", images}, {"vm.allow_cmdline", "true"}});
        std::string missing;
        for (const auto& path : {images / "escape", images / "etc/passwd", images / "../images-of-others",
                                 stage().scratch / "images-of-others", std::filesystem::path("/etc/passwd"),
                                 std::filesystem::path("relative"), images / "sub/../../images-of-others",
                                 std::filesystem::path("/nonexistent"), images / "nonexistent"}) {
            v1::CreateVmRequest request;
            request.set_kernel(path);
            requireStatus(client().call(&Host::CreateVm, request).status, StatusCode::INVALID_ARGUMENT,
                          "kernel");
            request.set_kernel("");
            request.set_initrd(path);
            requireStatus(client().call(&Host::CreateVm, request).status, StatusCode::INVALID_ARGUMENT,
                          "initrd");
        }
        for (const std::string& cmdline : {std::string("a\nb"), std::string("a\0b", 3),
                                           std::string("caf\xc3\xa9"), std::string(2048, 'x')}) {
            v1::CreateVmRequest request;
            request.set_cmdline(cmdline);
            requireStatus(client().call(&Host::CreateVm, request).status, StatusCode::INVALID_ARGUMENT,
                          "cmdline");
        }
        // A directory is inside, and yet no kernel.
        v1::CreateVmRequest request;
        request.set_kernel(images / "sub");
        requireStatus(client().call(&Host::CreateVm, request).status, StatusCode::FAILED_PRECONDITION,
                      "regular file");
        requireNothingStarted();
    }

    void bootsAnImageAndACommandLineOfTheClientsChoice()
    {
        startDaemon({{"vm.image_dirs", "/nonexistent," + guestImage().directory.string()},
                     {"vm.allow_cmdline", "true"},
                     {"qemu.kernel.file", "/nonexistent"},
                     {"qemu.kernel.initrd", "/nonexistent"}});
        v1::CreateVmRequest request;
        request.set_kernel(guestImage().vmlinux);
        request.set_initrd(guestImage().initrd);
        request.set_cmdline(quickCmdline("teehost.selftest=1 odd=a,b,,c"));
        request.mutable_agent()->set_aa_kbs_params("kbs::1");
        (*request.mutable_labels())["team/of"] = "bl\xc3\xbc";
        const auto vm = runVm(request);
        CPPUNIT_ASSERT_EQUAL(quickCmdline("teehost.selftest=1 odd=a,b,,c agent.aa_kbc_params=kbs::1"),
                             vm.cmdline());
        CPPUNIT_ASSERT_EQUAL(guestImage().vmlinux.string(), vm.kernel());
        CPPUNIT_ASSERT_EQUAL(std::string("bl\xc3\xbc"), vm.labels().at("team/of"));
        requireContains(client().console(vm.id()), "selftest done");
        client().removeVm(vm.id());
        assertClean();
    }

    void refusesIdsThatAreNone()
    {
        startDaemon();
        for (const std::string id :
             {"x", "../../../etc/passwd", "4F6C1F5E-93A0-4A52-9D0E-5F3F0A6F1C11",
              "4f6c1f5e-93a0-4a52-9d0e-5f3f0a6f1c11", "4f6c1f5e93a04a529d0e5f3f0a6f1c11"}) {
            v1::GetVmRequest get;
            get.set_id(id);
            requireStatus(client().call(&Host::GetVm, get).status, StatusCode::NOT_FOUND, "");
            v1::StopVmRequest stop;
            stop.set_id(id);
            requireStatus(client().call(&Host::StopVm, stop).status, StatusCode::NOT_FOUND, "");
            v1::RemoveVmRequest remove;
            remove.set_id(id);
            requireStatus(client().call(&Host::RemoveVm, remove).status, StatusCode::NOT_FOUND, "");
        }
        requireStatus(client().call(&Host::RemoveVm, v1::RemoveVmRequest()).status,
                      StatusCode::INVALID_ARGUMENT, "id");
        requireStatus(client().call(&Host::StopVm, v1::StopVmRequest()).status, StatusCode::INVALID_ARGUMENT,
                      "id");
        requireNothingStarted();
    }

    void survivesJunk()
    {
        startDaemon();
        sendJunk(daemon().grpcAddress(), kJunkBytes);
        sendJunk(daemon().httpAddress(), kJunkBytes);
        v1::CreateVmRequest huge;
        huge.mutable_agent()->set_client_key(std::string(kJunkBytes, 'k'));
        requireStatus(client().call(&Host::CreateVm, huge).status, StatusCode::RESOURCE_EXHAUSTED, "");
        CPPUNIT_ASSERT(client().listVms().empty());
        requireNothingStarted();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RequestTest);

} // namespace
} // namespace teehost::test
