// SPDX-License-Identifier: Apache-2.0
//
// An image of `guest/build --with-python`, and algorithms in Python in it.
#include <cppunit/extensions/HelperMacros.h>

#include "peer/peer_client.h"
#include "peer/zip_entries.h"
#include "support/guest_image.h"
#include "support/host_test.h"

namespace teehost::test {
namespace {

constexpr const char* kProgram = R"(
import csv, hashlib, json, os, sys
with open("datasets/iris.csv") as file:
    rows = [row for row in csv.reader(file)]
with open("results/answer.json", "w") as file:
    json.dump({"rows": len(rows), "arguments": sys.argv[1:], "requirements": os.path.exists("requirements.txt")}, file)
print("python", sys.version_info[0])
try:
    open("/usr/lib/evil", "w")
except OSError as error:
    print("usr:", error.strerror)
)";

class ComputePythonTest final : public HostTest {
    CPPUNIT_TEST_SUITE(ComputePythonTest);
    CPPUNIT_TEST(runsPython);
    CPPUNIT_TEST_SUITE_END();

    void runsPython()
    {
        // The kernel is that of the usual image. The initramfs is larger, and wants more memory.
        startDaemon({{"qemu.kernel.initrd", TEEHOST_TEST_PYTHON_INITRD}, {"qemu.memory.size", "512M"}});
        const auto vm = runVm();
        PeerClient peer(vm.agent_address());
        const PeerKey key(PeerKey::Kind::Rsa);
        requireOk(peer.algo(
            {.program = kProgram, .requirements = "pandas\n", .type = "python", .arguments = {"--a=1"}},
            key));
        requireOk(peer.data("iris.csv", "1,2\n3,4\n", key));
        const auto result = peer.result(key);
        requireOk(result.status);
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"rows": 2, "arguments": ["--a=1"], "requirements": true})"),
                             zipEntries(result.file).at("answer.json"));
        const auto console = client().console(vm.id());
        requireContains(console, "algorithm: python 3");
        requireContains(console, "usr: Read-only file system");
        requireContains(console, "requirements are not installed");

        requireOk(peer.algo({.program = "raise SystemExit('no luck')", .type = "python"}, key));
        requireOk(peer.data("iris.csv", "1,2", key));
        requireStatus(peer.result(key).status, grpc::StatusCode::FAILED_PRECONDITION,
                      "its last line: no luck");
        client().removeVm(vm.id());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ComputePythonTest);

} // namespace
} // namespace teehost::test
