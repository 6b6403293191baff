// SPDX-License-Identifier: Apache-2.0
//
// The whole way from a class derived from sdk::Plugin, through the C tables, to the host's C++ and back.
#include <array>
#include <atomic>
#include <future>
#include <thread>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "support.h"
#include "teehost/plugin.hpp"

namespace teehost::plugin::test {

namespace {

using namespace std::chrono_literals;

/// What the test wants the plugin to do in compose. Static: the plugin is made by the host.
std::function<void(sdk::Call, const sdk::Vm&, sdk::Fragment)> composeBody;
std::function<void(sdk::Call, const sdk::VerifyRequest&, sdk::Checks)> verifyBody;
std::atomic<int> instances{0};

class Full : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = "full",
                                       .version = "2.1.0",
                                       .vendor = "test",
                                       .license = "Apache-2.0",
                                       .summary = "Does everything",
                                       .flags = TH_ROLE_BACKEND | TH_ROLE_ATTESTER | TH_PLUGIN_CONFIDENTIAL};
    static constexpr std::array kOptions{
        sdk::Option{.key = "text", .help = "T.", .defaultText = "x"},
        sdk::Option{.key = "flag", .type = TH_T_BOOL, .help = "F.", .defaultText = "true"},
        sdk::Option{
            .key = "count", .type = TH_T_UINT, .help = "C.", .defaultText = "7", .flags = TH_OPT_AUTO},
        sdk::Option{.key = "offset", .type = TH_T_INT, .help = "O.", .defaultText = "-3"},
        sdk::Option{.key = "size", .type = TH_T_SIZE, .help = "S.", .defaultText = "2M"},
        sdk::Option{.key = "pause", .type = TH_T_DURATION, .help = "P.", .defaultText = "250ms"},
        sdk::Option{
            .key = "key", .type = TH_T_BYTES, .help = "K.", .defaultText = "00ff", .flags = TH_OPT_SENSITIVE},
        sdk::Option{.key = "names", .type = TH_T_LIST, .help = "N.", .defaultText = "a,b"},
        sdk::Option{
            .key = "mode", .type = TH_T_ENUM, .help = "M.", .defaultText = "on", .choices = {"on", "off"}},
        sdk::Option{.key = "unset", .help = "U."},
    };
    static constexpr std::array kProbeChecks{
        sdk::Check{.id = "cpu", .title = "CPU", .flags = TH_CHECK_REQUIRED}};
    static constexpr std::array kVerifyChecks{
        sdk::Check{.id = "sig", .title = "Signature", .flags = TH_CHECK_REQUIRED},
        sdk::Check{.id = "nonce", .title = "Nonce", .flags = TH_CHECK_IF_REPORT_DATA},
        sdk::Check{
            .id = "reg.*", .title = "Registers", .flags = TH_CHECK_IF_EXPECTED | TH_CHECK_IF_REFERENCE},
    };

    explicit Full(sdk::Call) { ++instances; }
    ~Full() override { --instances; }

    void probe(sdk::Call, const sdk::ProbeRequest& request, sdk::Checks out) override
    {
        if (request.hasVm())
            out.pass("cpu", request.defaults().firmwareVarsSource());
        else
            out.warn("cpu", "no VM", "give one");
    }
    void compose(sdk::Call call, const sdk::Vm& vm, sdk::Fragment out) override
    {
        composeBody(call, vm, out);
    }
    void measure(sdk::Call, const sdk::MeasureRequest& request, sdk::Reference out) override
    {
        const std::vector<std::uint8_t> digest(32, static_cast<std::uint8_t>(request.qemuArgs.size()));
        out.reg("R", TH_ALG_SHA256, digest);
        out.value("args", std::uint64_t{request.qemuArgs.size()});
        out.value("first", request.qemuArgs.empty() ? std::string_view("none") : request.qemuArgs[0]);
        out.value("signed", -4);
        out.value("data", digest);
        out.value("flag", true);
        out.event("R", TH_ALG_SHA256, "kernel", request.vm.kernel(), digest);
    }
    static int recognise(const sdk::Blob& blob) { return blob.kind == "full.report" ? 400 : -7; }
    void inspect(sdk::Call, const sdk::Blob& blob, sdk::Claims out) override
    {
        out.claim("size", blob.data.size());
    }
    void verify(sdk::Call call, const sdk::VerifyRequest& request, sdk::Checks out) override
    {
        verifyBody(call, request, out);
    }
    std::uint32_t evidence(sdk::Call, const sdk::Vm& vm) override
    {
        if (vm.vcpus() == 1)
            throw sdk::Error(TH_FAILED_PRECONDITION, "this VM has no evidence");
        return TH_EVIDENCE_TDX;
    }
    void challenge(sdk::Call, const sdk::ChallengeRequest& request, sdk::Challenge out) override
    {
        for (const auto& blob : request.evidence) {
            out.ask(blob.data, std::vector<std::uint8_t>(blob.data.size(), 7));
            out.value(blob.kind, request.vm.vcpus());
        }
    }
    void diagnose(sdk::Call, const sdk::Failure& failure, sdk::Findings out) override
    {
        out.add(30, std::string(failure.stage), "r", failure.stderrTail.substr(0, 8));
    }
    void capacity(sdk::Call, sdk::Capacity out) override { out.resource("slots", 16, 4); }
};

/// Counts how many of its calls overlap.
class Serial final : public sdk::Plugin {
public:
    static constexpr sdk::About kAbout{.id = "serial",
                                       .version = "1.0.0",
                                       .vendor = "test",
                                       .license = "Apache-2.0",
                                       .summary = "One call at a time",
                                       .flags = TH_ROLE_BACKEND | TH_PLUGIN_SERIAL};
    static inline std::atomic<int> inside{0}, most{0};

    explicit Serial(sdk::Call) {}
    void compose(sdk::Call, const sdk::Vm&, sdk::Fragment) override
    {
        most = std::max(most.load(), ++inside);
        std::this_thread::yield();
        --inside;
    }
};

const VmFacts& someVm()
{
    static const VmFacts vm = [] {
        VmFacts facts;
        facts.vmId = "id";
        facts.runDir = "/run/vm";
        facts.vcpus = 3;
        facts.maxVcpus = 5;
        facts.guestCid = 9;
        facts.memoryBytes = 1u << 30;
        facts.firmwareVarsSource = "/vars";
        facts.kernel = "/k";
        facts.hostData = {1, 2};
        facts.configDigest = Bytes(32, 5);
        return facts;
    }();
    return vm;
}

} // namespace

class PluginTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PluginTest);
    CPPUNIT_TEST(handsThePluginTheVm);
    CPPUNIT_TEST(answersOptionsInTheTypeOfTheirDeclaration);
    CPPUNIT_TEST(answersTheEffectiveValueAndNotTheDefault);
    CPPUNIT_TEST(failsAReadOfAnOptionThatIsNotThere);
    CPPUNIT_TEST(turnsExceptionsIntoErrors);
    CPPUNIT_TEST(reportsARefusalOfASinkWithTheHostsWords);
    CPPUNIT_TEST(tellsThePluginOfCancellationAndDeadline);
    CPPUNIT_TEST(measuresWithTheFinalArguments);
    CPPUNIT_TEST(verifiesAndDecidesItself);
    CPPUNIT_TEST(neverAcceptsWhenVerifyThrowsHalfWay);
    CPPUNIT_TEST(refusesRequestsWithUnknownFlags);
    CPPUNIT_TEST(declinesHostsItDoesNotFit);
    CPPUNIT_TEST(probesWithAndWithoutAVm);
    CPPUNIT_TEST(passesTheRestThrough);
    CPPUNIT_TEST(asksForEvidenceAndChallenges);
    CPPUNIT_TEST(refusesCallsBeforeCreateAndOfWhatIsNotOffered);
    CPPUNIT_TEST(destroysTheInstanceItMade);
    CPPUNIT_TEST(takesALockForAPluginThatWantsOne);
    CPPUNIT_TEST(writesThePluginsLinesUnderItsName);
    CPPUNIT_TEST_SUITE_END();

    std::unique_ptr<Plugin> full(const CallContext& context = {})
    {
        return take(sdk::Bridge<Full>::entry, kept_.log, context);
    }

    void handsThePluginTheVm()
    {
        composeBody = [](sdk::Call call, const sdk::Vm& vm, sdk::Fragment out) {
            CPPUNIT_ASSERT(call.traceId() == "trace-1");
            CPPUNIT_ASSERT(vm.vmId() == "id" && vm.runDir() == "/run/vm" && vm.kernel() == "/k");
            CPPUNIT_ASSERT(vm.vcpus() == 3 && vm.maxVcpus() == 5 && vm.guestCid() == 9);
            CPPUNIT_ASSERT(vm.memoryBytes() == 1u << 30 && vm.firmwareCode().empty());
            CPPUNIT_ASSERT(vm.hostData().size() == 2 && vm.hostData()[1] == 2);
            CPPUNIT_ASSERT(vm.configDigest().size() == 32 && vm.configDigest()[31] == 5);
            th_vm_spec older = vm.raw(); // of a host that does not know the member
            older.struct_size = offsetof(th_vm_spec, config_digest);
            CPPUNIT_ASSERT(sdk::Vm(older).configDigest().empty() && sdk::Vm(older).hostData().size() == 2);
            out.object("x", "o", {{"a", "1"}});
            out.json("device", R"({"driver":"d"})");
            out.file({.name = "f", .content = vm.hostData(), .flags = TH_FILE_READONLY});
            out.sidecar({.name = "s", .argv = {"a", "b"}, .env = {{"K", "v"}}, .readyTimeout = 5s});
        };
        CallContext context;
        context.traceId = "trace-1";
        const Fragment fragment = full()->compose(context, someVm());
        CPPUNIT_ASSERT(fragment.plugin == "full");
        CPPUNIT_ASSERT((fragment.items == std::vector<AnyItem>{Item{"object", "x", "o", {{"a", "1"}}},
                                                               JsonItem{"device", R"({"driver":"d"})"}}));
        CPPUNIT_ASSERT(fragment.files[0].readonly && fragment.files[0].content == SensitiveBytes({1, 2}));
        CPPUNIT_ASSERT(fragment.sidecars[0].env == (Properties{{"K", "v"}}) &&
                       fragment.sidecars[0].readyTimeout == 5s);
    }

    void answersOptionsInTheTypeOfTheirDeclaration()
    {
        composeBody = [](sdk::Call call, const sdk::Vm&, sdk::Fragment) {
            CPPUNIT_ASSERT(call.text("text") == "x");
            CPPUNIT_ASSERT(call.flag("flag"));
            CPPUNIT_ASSERT(call.number("count") == 7 && !call.isAuto("count"));
            CPPUNIT_ASSERT(call.integer("offset") == -3);
            CPPUNIT_ASSERT(call.size("size") == 2u << 20);
            CPPUNIT_ASSERT(call.duration("pause") == 250ms);
            CPPUNIT_ASSERT(call.bytes("key").size() == 2 && call.bytes("key")[1] == 0xff);
            CPPUNIT_ASSERT((call.list("names") == std::vector<std::string_view>{"a", "b"}));
            CPPUNIT_ASSERT(call.text("mode") == "on");
            CPPUNIT_ASSERT(!call.has("unset") && !call.has("never-declared") && call.has("text"));
        };
        (void)full()->compose({}, someVm());
    }

    void answersTheEffectiveValueAndNotTheDefault()
    {
        CallContext context;
        context.option = [](std::string_view key) -> std::optional<settings::Value> {
            if (key == "full.count")
                return settings::Auto{};
            if (key == "full.names")
                return std::vector<std::string>{};
            if (key == "full.text")
                return std::string("from the file");
            return std::nullopt;
        };
        composeBody = [](sdk::Call call, const sdk::Vm&, sdk::Fragment) {
            CPPUNIT_ASSERT(call.isAuto("count"));
            CPPUNIT_ASSERT(call.list("names").empty());
            CPPUNIT_ASSERT(call.text("text") == "from the file");
            CPPUNIT_ASSERT(!call.has("mode")); // the layers have the say, its default included
        };
        (void)full()->compose(context, someVm());
    }

    void failsAReadOfAnOptionThatIsNotThere()
    {
        composeBody = [](sdk::Call call, const sdk::Vm&, sdk::Fragment) { (void)call.text("unset"); };
        try {
            (void)full()->compose({}, someVm());
            CPPUNIT_FAIL("no error");
        } catch (const Error& e) {
            CPPUNIT_ASSERT(e.category() == Category::FailedPrecondition);
            CPPUNIT_ASSERT_EQUAL(std::string("full.unset"), e.field()); // the key as an operator knows it
        }
        composeBody = [](sdk::Call call, const sdk::Vm&, sdk::Fragment) { (void)call.number("text"); };
        expectError(Category::Internal, "another type", [&] { (void)full()->compose({}, someVm()); });
    }

    void turnsExceptionsIntoErrors()
    {
        const auto plugin = full();
        const auto fails = [&](auto thrown, Category category, const char* words) {
            composeBody = [=](sdk::Call, const sdk::Vm&, sdk::Fragment) { throw thrown; };
            expectError(category, words, [&] { (void)plugin->compose({}, someVm()); });
        };
        fails(sdk::Error(TH_UNAVAILABLE, "no firmware \"/x\"", "install it"), Category::Unavailable,
              "plugin full: no firmware \"/x\"");
        fails(std::runtime_error("odd"), Category::Internal, "odd");
        fails(std::bad_alloc(), Category::ResourceExhausted, "out of memory");
        fails(42, Category::Internal, "unknown type");
        fails(sdk::Error(TH_OK, "not so"), Category::Internal, "not so");
        fails(sdk::Error(99, "from the future"), Category::Unknown, "from the future");
        fails(sdk::Error(TH_INTERNAL, "two\nlines \xff"), Category::Internal, "two\\x0alines \\xff");
        composeBody = [](sdk::Call, const sdk::Vm&, sdk::Fragment) {
            throw sdk::Error(TH_NOT_FOUND, "m", "the hint");
        };
        try {
            (void)plugin->compose({}, someVm());
            CPPUNIT_FAIL("no error");
        } catch (const Error& e) {
            CPPUNIT_ASSERT_EQUAL(std::string("the hint"), e.hint());
        }
    }

    void reportsARefusalOfASinkWithTheHostsWords()
    {
        const auto plugin = full();
        composeBody = [](sdk::Call, const sdk::Vm&, sdk::Fragment out) { out.firmware(99, "/x"); };
        expectError(Category::Unimplemented, "plugin full gave a wrong answer to compose: firmware kind 99",
                    [&] { (void)plugin->compose({}, someVm()); });
        composeBody = [](sdk::Call, const sdk::Vm&, sdk::Fragment out) {
            try {
                out.firmware(99, "/x");
            } catch (const sdk::Error&) { // swallowed: the call fails all the same
            }
        };
        expectError(Category::Unimplemented, "firmware kind 99",
                    [&] { (void)plugin->compose({}, someVm()); });
    }

    void tellsThePluginOfCancellationAndDeadline()
    {
        const auto plugin = full();
        composeBody = [](sdk::Call call, const sdk::Vm&, sdk::Fragment) { call.checkpoint(); };
        CallContext context;
        context.deadline = std::chrono::steady_clock::now() + 1h;
        context.cancelled = [] { return false; };
        (void)plugin->compose(context, someVm());
        context.deadline = std::chrono::steady_clock::now() - 1ns;
        expectError(Category::DeadlineExceeded, "deadline",
                    [&] { (void)plugin->compose(context, someVm()); });
        context.cancelled = [] { return true; };
        expectError(Category::Cancelled, "cancelled", [&] { (void)plugin->compose(context, someVm()); });
        context.cancelled = []() -> bool { throw std::runtime_error("broken"); };
        expectError(Category::Cancelled, "cancelled", [&] { (void)plugin->compose(context, someVm()); });
    }

    void measuresWithTheFinalArguments()
    {
        const Measurement got = full()->measure({}, someVm(), {"-machine", "q35"});
        CPPUNIT_ASSERT((got.registers == std::vector<Register>{{"R", DigestAlg::Sha256, Bytes(32, 2)}}));
        const std::vector<Named> values{{"args", std::uint64_t{2}},
                                        {"first", std::string("-machine")},
                                        {"signed", std::int64_t{-4}},
                                        {"data", Bytes(32, 2)},
                                        {"flag", true}};
        CPPUNIT_ASSERT(got.values == values);
        CPPUNIT_ASSERT((got.events ==
                        std::vector<MeasureEvent>{{"R", DigestAlg::Sha256, "kernel", "/k", Bytes(32, 2)}}));
    }

    void verifiesAndDecidesItself()
    {
        const auto plugin = full();
        VerifyRequest request;
        request.evidence = {{"full.report", {9, 9}}};
        request.collateral = {{"crl.der", {1}}};
        request.expected = {{"R", DigestAlg::Sha256, Bytes(32, 1)}, {"R", DigestAlg::Sha256, Bytes(32, 2)}};
        request.reference = {{"svn", std::uint64_t{3}}};
        request.reportData = {7};
        request.atWallNs = 12;
        request.offline = true;
        verifyBody = [](sdk::Call, const sdk::VerifyRequest& r, sdk::Checks out) {
            CPPUNIT_ASSERT(r.evidence.size() == 1 && r.evidence[0].kind == "full.report");
            CPPUNIT_ASSERT(r.collateral.size() == 1 && r.anchors.empty() && r.offline && r.atWallNs == 12);
            CPPUNIT_ASSERT(r.expected.size() == 2 && r.expected[1].digest[0] == 2);
            CPPUNIT_ASSERT(r.reference.size() == 1 && r.reference[0].value.u == 3 && r.reportData[0] == 7);
            out.pass("sig");
            out.pass("nonce");
            out.fail("reg.R", "differs", "rebuild", {r.expected[0].digest, "other"});
            out.claim("chip", "abc");
        };
        const VerifyResult failed = plugin->verify({}, request);
        CPPUNIT_ASSERT(!failed.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("check reg.R is FAIL: differs"), failed.reason);
        CPPUNIT_ASSERT(failed.checks[2].title == "Registers" && failed.checks[2].required);
        CPPUNIT_ASSERT(failed.checks[2].expected == ClaimValue(Bytes(32, 1)));
        CPPUNIT_ASSERT((failed.claims == std::vector<Named>{{"chip", std::string("abc")}}));

        verifyBody = [](sdk::Call, const sdk::VerifyRequest&, sdk::Checks out) {
            out.pass("sig");
            out.pass("nonce");
            out.pass("reg.R");
        };
        CPPUNIT_ASSERT(plugin->verify({}, request).accepted);
        request.policyJson = "{}"; // nothing that is declared looks at a policy
        expectError(Category::Unimplemented, "policy", [&] { (void)plugin->verify({}, request); });
    }

    void neverAcceptsWhenVerifyThrowsHalfWay()
    {
        verifyBody = [](sdk::Call, const sdk::VerifyRequest&, sdk::Checks out) {
            out.pass("sig");
            throw std::runtime_error("lost the thread");
        };
        expectError(Category::Internal, "lost the thread", [&] { (void)full()->verify({}, {}); });
        verifyBody = [](sdk::Call, const sdk::VerifyRequest&, sdk::Checks) {};
        CPPUNIT_ASSERT(!full()->verify({}, {}).accepted);
    }

    /// The plugin's side of the rule: a bit it does not know could mean "check this too".
    void refusesRequestsWithUnknownFlags()
    {
        th_call call{};
        call.struct_size = sizeof call;
        call.fail = [](const th_call*, const th_error* error) noexcept -> th_status { return error->status; };
        th_instance* instance = nullptr;
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sdk::Bridge<Full>::create(&call, nullptr, &instance));
        verifyBody = [](sdk::Call, const sdk::VerifyRequest&, sdk::Checks) {};
        th_verify_request request{};
        request.struct_size = sizeof request;
        const th_check_sink sink{};
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, sdk::Bridge<Full>::verify(instance, &call, &request, &sink));
        request.flags = 1u << 31;
        CPPUNIT_ASSERT_EQUAL(TH_UNIMPLEMENTED + 0,
                             sdk::Bridge<Full>::verify(instance, &call, &request, &sink));
        const th_probe_request probe{sizeof probe, 2, nullptr};
        CPPUNIT_ASSERT_EQUAL(TH_UNIMPLEMENTED + 0, sdk::Bridge<Full>::probe(instance, &call, &probe, &sink));
        sdk::Bridge<Full>::destroy(instance);
    }

    void declinesHostsItDoesNotFit()
    {
        th_answer answer{};
        answer.struct_size = sizeof answer;
        const auto enter = [&](std::uint32_t from, std::uint32_t to) {
            const th_offer offer{sizeof offer, from, to, 0, {}};
            return sdk::Bridge<Full>::entry(&offer, &answer);
        };
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, enter(1, 1));
        CPPUNIT_ASSERT_EQUAL(TH_OK + 0, enter(0, 9));
        CPPUNIT_ASSERT_EQUAL(TH_UNIMPLEMENTED + 0, enter(2, 9));
        CPPUNIT_ASSERT_EQUAL(TH_UNIMPLEMENTED + 0, enter(0, 0));
        answer.struct_size = 8; // no room for the answer
        CPPUNIT_ASSERT_EQUAL(TH_UNIMPLEMENTED + 0, enter(1, 1));
    }

    void probesWithAndWithoutAVm()
    {
        const auto plugin = full();
        const auto with = plugin->probe({}, &someVm());
        CPPUNIT_ASSERT(with.size() == 1 && with[0].verdict == Verdict::Pass && with[0].message == "/vars");
        const auto without = plugin->probe({});
        CPPUNIT_ASSERT(without[0].verdict == Verdict::Warn && without[0].hint == "give one" &&
                       !without[0].blocks());
    }

    void passesTheRestThrough()
    {
        const auto plugin = full();
        CPPUNIT_ASSERT_EQUAL(100, plugin->recognise({"full.report", {}}));
        CPPUNIT_ASSERT_EQUAL(0, plugin->recognise({"other", {}}));
        CPPUNIT_ASSERT(
            (plugin->inspect({}, {"x", Bytes(5)}) == std::vector<Named>{{"size", std::uint64_t{5}}}));
        const auto findings = plugin->diagnose({}, {256, "qemu", std::string("\xff") + "abc\0\n", ""});
        CPPUNIT_ASSERT_EQUAL(std::string("\xef\xbf\xbd"
                                         "abc"),
                             findings.at(0).quote);
        CPPUNIT_ASSERT(plugin->capacity({}).at(0).inUse == 4u);
        CPPUNIT_ASSERT(plugin->hasProbe() && plugin->hasCompose() && plugin->hasMeasure() &&
                       plugin->hasVerify() && plugin->hasDiagnose() && plugin->hasCapacity());
    }

    void asksForEvidenceAndChallenges()
    {
        const auto plugin = full();
        CPPUNIT_ASSERT(plugin->hasEvidence() && plugin->hasChallenge());
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{TH_EVIDENCE_TDX}, plugin->evidence({}, someVm()));
        VmFacts small = someVm();
        small.vcpus = 1;
        expectError(Category::FailedPrecondition, "has no evidence",
                    [&] { (void)plugin->evidence({}, small); });

        CPPUNIT_ASSERT(!plugin->challenge({}, someVm(), {}));
        const auto one = plugin->challenge({}, someVm(), {{"k", Bytes(16, 1)}});
        CPPUNIT_ASSERT(one && one->challenge == Bytes(16, 1) && one->answer == Bytes(16, 7));
        CPPUNIT_ASSERT((one->reference == std::vector<Named>{{"k", std::uint64_t{3}}}));
        expectError(Category::AlreadyExists, "a challenge is given twice", [&] {
            (void)plugin->challenge({}, someVm(), {{"k", Bytes(16)}, {"l", Bytes(16)}});
        });
        expectError(Category::InvalidArgument, "can be guessed", [&] {
            (void)plugin->challenge({}, someVm(), {{"k", Bytes(15)}});
        });
        expectError(Category::InvalidArgument, "more than 1024", [&] {
            (void)plugin->challenge({}, someVm(), {{"k", Bytes(1025)}});
        });
    }

    void refusesCallsBeforeCreateAndOfWhatIsNotOffered()
    {
        Plugin early(negotiate(sdk::Bridge<Full>::entry, "p", FileDigest(), kept_.log), kept_.log);
        expectError(Category::FailedPrecondition, "has not been created",
                    [&] { (void)early.compose({}, someVm()); });
        const auto serial = take(sdk::Bridge<Serial>::entry, kept_.log);
        CPPUNIT_ASSERT(!serial->hasMeasure() && !serial->hasVerify() && !serial->hasProbe() &&
                       !serial->hasEvidence() && !serial->hasChallenge());
        expectError(Category::Unimplemented, "does not offer challenge",
                    [&] { (void)serial->challenge({}, someVm(), {}); });
        expectError(Category::Unimplemented, "does not offer measure",
                    [&] { (void)serial->measure({}, someVm(), {}); });
        expectError(Category::Unimplemented, "does not offer verify", [&] { (void)serial->verify({}, {}); });
        CPPUNIT_ASSERT_EQUAL(0, serial->recognise({"x", {}}));
    }

    void destroysTheInstanceItMade()
    {
        const int before = instances;
        {
            const auto plugin = full();
            CPPUNIT_ASSERT_EQUAL(before + 1, instances.load());
            expectError(Category::Internal, "created twice", [&] { plugin->create({}); });
        }
        CPPUNIT_ASSERT_EQUAL(before, instances.load());
    }

    void takesALockForAPluginThatWantsOne()
    {
        const auto plugin = take(sdk::Bridge<Serial>::entry, kept_.log);
        std::vector<std::future<void>> calls;
        for (int i = 0; i < 4; ++i)
            calls.push_back(std::async(std::launch::async, [&] {
                for (int k = 0; k < 200; ++k)
                    (void)plugin->compose({}, someVm());
            }));
        for (auto& call : calls)
            call.get();
        CPPUNIT_ASSERT_EQUAL(1, Serial::most.load());
    }

    void writesThePluginsLinesUnderItsName()
    {
        composeBody = [](sdk::Call call, const sdk::Vm&, sdk::Fragment out) {
            CPPUNIT_ASSERT(call.log().enabled(TH_LOG_INFO) && !call.log().enabled(TH_LOG_TRACE));
            call.log().info("said", {{"plugin", "sev-snp"}, {"k", "v\xff"}});
            CPPUNIT_ASSERT(call.wallNs() > 0 && call.monotonicNs() > 0);
            CPPUNIT_ASSERT(!call.canFetch());
            out.raw({"-foo", "bar"});
        };
        (void)full()->compose({}, someVm());
        CPPUNIT_ASSERT(kept_.contains("said"));
        CPPUNIT_ASSERT(kept_.contains("full"));
        CPPUNIT_ASSERT(!kept_.contains("sev-snp"));
        CPPUNIT_ASSERT(kept_.contains("-foo bar")); // raw arguments are never added in silence
        composeBody = [](sdk::Call call, const sdk::Vm&, sdk::Fragment) { (void)call.fetch("https://x"); };
        expectError(Category::Unimplemented, "does not fetch", [&] { (void)full()->compose({}, someVm()); });
    }

    KeptLog kept_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(PluginTest);

} // namespace teehost::plugin::test
