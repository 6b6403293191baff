// SPDX-License-Identifier: Apache-2.0
//
// The streams: events in their order, and the console as the guest wrote it.
#include <future>

#include <cppunit/extensions/HelperMacros.h>

#include "support/cli.h"
#include "support/host_test.h"
#include "support/qemu_wrapper.h"

namespace teehost::test {
namespace {

// A guest that tries to drive the terminal of whoever looks at its console.
const std::string kHostile = "\033]0;owned\007\033[2J\377\200\r\nharmless\n";

class StreamTest final : public HostTest {
    CPPUNIT_TEST_SUITE(StreamTest);
    CPPUNIT_TEST(followsAVmFromBeforeItExists);
    CPPUNIT_TEST(replaysWhatIsRemembered);
    CPPUNIT_TEST(followsTheConsoleToItsEnd);
    CPPUNIT_TEST(keepsTheConsolesBytesAndNobodyElseSeesThem);
    CPPUNIT_TEST(bringsALongConsoleInPieces);
    CPPUNIT_TEST(boundsTheConsolesFile);
    CPPUNIT_TEST_SUITE_END();

    void followsAVmFromBeforeItExists()
    {
        startDaemon();
        v1::WatchEventsRequest watch;
        watch.set_idempotency_key("mine");
        watch.set_follow(true);
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + kPatience);
        const auto reader = client().host().WatchEvents(&context, watch);

        client().removeVm(client().createVm().id()); // of somebody else
        v1::CreateVmRequest request;
        request.set_idempotency_key("mine");
        const auto vm = runVm(request);
        client().removeVm(vm.id());

        constexpr v1::VmState kExpected[] = {
            v1::VM_STATE_PREPARING, v1::VM_STATE_LAUNCHING, v1::VM_STATE_BOOTING, v1::VM_STATE_RUNNING,
            v1::VM_STATE_STOPPING,  v1::VM_STATE_CLEANING,  v1::VM_STATE_STOPPED};
        std::uint64_t last = 0;
        v1::VmState previous = v1::VM_STATE_UNSPECIFIED;
        for (const auto expected : kExpected) {
            v1::Event event;
            do {
                CPPUNIT_ASSERT_MESSAGE(v1::VmState_Name(expected), reader->Read(&event));
                CPPUNIT_ASSERT(event.seq() > last);
                CPPUNIT_ASSERT_EQUAL(vm.id(), event.vm_id());
                last = event.seq();
            } while (event.kind() != "state");
            CPPUNIT_ASSERT_EQUAL(expected, event.state());
            CPPUNIT_ASSERT_EQUAL(previous, event.previous());
            CPPUNIT_ASSERT(!event.message().empty());
            previous = event.state();
        }
        context.TryCancel();
        v1::Event none;
        CPPUNIT_ASSERT(!reader->Read(&none));
        requireStatus(reader->Finish(), grpc::StatusCode::CANCELLED, "");
        assertClean();
    }

    void replaysWhatIsRemembered()
    {
        startDaemon();
        const auto first = client().createVm();
        const auto second = client().createVm();
        client().removeVm(first.id());
        client().removeVm(second.id());
        const auto all = client().events();
        const auto ofFirst = client().events(first.id());
        const auto ofSecond = client().events(second.id());
        CPPUNIT_ASSERT_EQUAL(all.size(), ofFirst.size() + ofSecond.size());
        CPPUNIT_ASSERT(!ofFirst.empty());
        for (const auto& event : ofFirst)
            CPPUNIT_ASSERT_EQUAL(first.id(), event.vm_id());

        v1::WatchEventsRequest later;
        later.set_after_seq(all.at(2).seq());
        grpc::ClientContext context;
        const auto reader = client().host().WatchEvents(&context, later);
        v1::Event event;
        CPPUNIT_ASSERT(reader->Read(&event));
        CPPUNIT_ASSERT_EQUAL(all.at(3).seq(), event.seq());
        while (reader->Read(&event)) {
        }
        requireOk(reader->Finish());
        CPPUNIT_ASSERT_EQUAL(all.back().seq(), event.seq());
    }

    void followsTheConsoleToItsEnd()
    {
        startDaemon();
        const auto vm = client().createVm();
        auto followed = std::async(std::launch::async, [&] {
            v1::ReadConsoleRequest request;
            request.set_vm_id(vm.id());
            request.set_follow(true);
            grpc::ClientContext context;
            context.set_deadline(std::chrono::system_clock::now() + kPatience);
            const auto reader = client().host().ReadConsole(&context, request);
            std::string text;
            for (v1::ConsoleChunk chunk; reader->Read(&chunk);) {
                CPPUNIT_ASSERT_EQUAL(std::uint64_t{text.size()}, chunk.offset());
                text += chunk.data();
            }
            requireOk(reader->Finish());
            return text;
        });
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        client().stopVm(vm.id());
        const auto text = followed.get();
        requireContains(text, "agent listens on port 7002");
        requireContains(text, "power button: powering off");
        CPPUNIT_ASSERT_EQUAL(client().console(vm.id()), text);
        v1::ReadConsoleRequest missing;
        missing.set_vm_id("4f6c1f5e-93a0-4a52-9d0e-5f3f0a6f1c11");
        grpc::ClientContext context;
        requireStatus(client().host().ReadConsole(&context, missing)->Finish(), grpc::StatusCode::NOT_FOUND,
                      "4f6c1f5e");
    }

    /// A script for QEMU's place that writes that file to the console first: QEMU appends, so it is as if the
    /// guest had written it.
    std::filesystem::path wrapperThatWrites(const std::string& text)
    {
        writeFile(stage().scratch / "text", text);
        return qemuWrapper(stage(), "for argument in \"$@\"; do\n"
                                    "    case $argument in\n"
                                    "    file,id=console0,path=*) log=${argument#*path=} log=${log%%,*} ;;\n"
                                    "    esac\n"
                                    "done\n"
                                    "cat \"$dir/text\" > \"$log\"");
    }

    void keepsTheConsolesBytesAndNobodyElseSeesThem()
    {
        startDaemon({{"qemu.bin_path", wrapperThatWrites(kHostile)},
                     {"vm.boot_timeout_tcg", "1s"},
                     {"vm.on_boot_timeout", "end"},
                     {"qemu.kernel.cmdline", "console=null teehost.console=null"}});
        const auto vm = client().createVm();
        const auto failed = client().waitForState(vm.id(), v1::VM_STATE_FAILED);
        CPPUNIT_ASSERT_EQUAL(kHostile, client().console(vm.id()));
        const auto shown = runCli(stage(), daemon(), {"console", vm.id()});
        requireContains(shown.output, "\\x1b]0;owned\\x07\\x1b[2J\\xff\\x80");
        requireContains(shown.output, "harmless");
        requireContains(failed.cause(), "\\x1b]0;owned");
        for (const auto& text :
             {shown.output, failed.cause(), daemon().log(), client().events().back().message()})
            requireLacks(text, "\033");
        const auto listed = runCli(stage(), daemon(), {"info", vm.id()});
        requireContains(listed.output, "harmless");
        requireLacks(listed.output, "\033");
    }

    void bringsALongConsoleInPieces()
    {
        startDaemon();
        const auto vm = client().createVm();
        client().stopVm(vm.id());
        std::string text;
        for (int i = 0; i < 40'000; ++i)
            text += "line " + std::to_string(i) + "\n";
        writeFile(stage().logDir(vm.id()) / "console.log", text, 0640);
        CPPUNIT_ASSERT(client().console(vm.id()) == text);
        CPPUNIT_ASSERT(client().console(vm.id(), 100'000) == text.substr(100'000));
        CPPUNIT_ASSERT_EQUAL(std::string(), client().console(vm.id(), text.size() + 5));

        v1::ReadConsoleRequest tail;
        tail.set_vm_id(vm.id());
        tail.set_tail_bytes(1000);
        grpc::ClientContext context;
        const auto reader = client().host().ReadConsole(&context, tail);
        v1::ConsoleChunk chunk;
        CPPUNIT_ASSERT(reader->Read(&chunk));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{text.size() - 1000}, chunk.offset());
        CPPUNIT_ASSERT_EQUAL(text.substr(text.size() - 1000), chunk.data());
        CPPUNIT_ASSERT(!reader->Read(&chunk));
        requireOk(reader->Finish());
    }

    /// Readers go on where they were, by the offset among all bytes the guest ever wrote.
    void boundsTheConsolesFile()
    {
        constexpr std::size_t kLimit = 64 << 10;
        std::string text;
        for (int i = 0; i < 40'000; ++i)
            text += "line " + std::to_string(i) + "\n";
        startDaemon(
            {{"qemu.bin_path", wrapperThatWrites(text)}, {"vm.console_limit", std::to_string(kLimit)}});
        const auto vm = client().createVm();
        const auto log = stage().logDir(vm.id()) / "console.log";
        waitUntil("the console's file is short again", [&] {
            return std::filesystem::exists(log.string() + ".1") && std::filesystem::file_size(log) <= kLimit;
        });
        CPPUNIT_ASSERT(std::filesystem::file_size(log.string() + ".1") <= kLimit);
        client().waitForState(vm.id(), v1::VM_STATE_RUNNING);
        client().stopVm(vm.id());
        v1::ReadConsoleRequest request;
        request.set_vm_id(vm.id());
        grpc::ClientContext context;
        const auto reader = client().host().ReadConsole(&context, request);
        v1::ConsoleChunk chunk;
        CPPUNIT_ASSERT(reader->Read(&chunk));
        CPPUNIT_ASSERT(chunk.offset() >= text.size());
        requireContains(chunk.data(), "power button: powering off");
        CPPUNIT_ASSERT(!reader->Read(&chunk));
        requireOk(reader->Finish());
        client().removeVm(vm.id());
        waitUntil("its logs are gone", [&] { return !std::filesystem::exists(stage().logDir(vm.id())); });
        assertClean();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StreamTest);

} // namespace
} // namespace teehost::test
