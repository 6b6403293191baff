// SPDX-License-Identifier: Apache-2.0
//
// Measuring and verifying through the plugin's border: what comes out of one is what the other takes.
#include <algorithm>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include "boot_factory/boot_files.h"
#include "host/plugin/acceptance.h"
#include "host/plugin/evidence_json.h"
#include "support.h"
#include "tdx/measure/td_log.h"
#include "tdx/tdx.h"
#include "tdx_factory/collateral.h"
#include "tdx_factory/quotes.h"
#include "tdx_measure_factory/acpi.h"
#include "tdx_measure_factory/ccel.h"
#include "tdx_measure_factory/tdvf.h"
#include "tests/unit/plugin/support.h"

namespace teehost::tdx::test {
namespace {

using kit::Bytes;
using plugin::Measurement;
using plugin::VerifyRequest;
using plugin::VerifyResult;

/// A QEMU that has such tables, or refuses.
class FakeMachines final : public plugin::MachineService {
public:
    std::vector<plugin::FwCfgFile> fwCfg(const plugin::FwCfgRequest& request) override
    {
        asked.push_back(request);
        if (refuses)
            throw Error(Category::FailedPrecondition, "no such device");
        return {{"etc/acpi/tables", tdx_factory::AcpiBuilder().build()}};
    }
    std::vector<plugin::FwCfgRequest> asked;
    bool refuses = false;
};

const std::vector<std::string> kArgs{"-machine", "q35", "-m", "1024M", "-device", "virtio-rng-pci"};

std::string valueOf(const Measurement& measured, const std::string& key)
{
    for (const auto& [name, value] : measured.values)
        if (name == key)
            return plugin::valueText(value);
    return {};
}

} // namespace

class PluginTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PluginTest);
    CPPUNIT_TEST(asksQemuForTheAcpiTables);
    CPPUNIT_TEST(measuresWhatNewerFirmwareMeasures);
    CPPUNIT_TEST(predictsTheRestWithoutAcpiTables);
    CPPUNIT_TEST(takesTheTablesOfAFile);
    CPPUNIT_TEST(comparesAnEventLog);
    CPPUNIT_TEST(blamesTheFileThatIsWrong);
    CPPUNIT_TEST(acceptsWhatItPredicted);
    CPPUNIT_TEST(catchesEachRegister);
    CPPUNIT_TEST(leavesOpenWhatAnUnexaminedFirmwareMeasures);
    CPPUNIT_TEST(leavesOpenWhatAnOldKernelMeasures);
    CPPUNIT_TEST(doesNotAcceptWhatWasNotPredicted);
    CPPUNIT_TEST(doesNotTakeTablesOfALogForComputedOnes);
    CPPUNIT_TEST(takesTablesFromTheLogWhereAPolicySaysSo);
    CPPUNIT_TEST(holdsTheLogAgainstTheQuote);
    CPPUNIT_TEST(tellsTheLogOfATdFromOthers);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        plugin_ = plugin::test::takeUncreated(sdk::Bridge<Tdx>::entry, kept_.log);
        plugin_->serveMachine(machines_);
        options_ = {{"firmware", scratch_.write("TDVF.fd", tdx_factory::TdvfBuilder().build())},
                    {"firmware_profile", "edk2-2022.11"}};
        vm_ = plainVm();
        vm_.qemuVersion = "10.2.0";
        vm_.kernel = scratch_.write("bzImage", boot_factory::KernelBuilder().build());
        vm_.initrd = scratch_.write("initrd", Bytes(5000, 7));
        vm_.cmdline = "quiet";
        plugin_->create(context());
    }

private:
    plugin::CallContext context() const
    {
        plugin::CallContext out;
        out.option = [this](std::string_view key) -> std::optional<settings::Value> {
            for (const auto& spec : plugin_->options()) {
                if (spec.key != key)
                    continue;
                const auto set = options_.find(std::string(key.substr(std::string_view("tdx.").size())));
                return settings::parseValue(spec, set == options_.end() ? *spec.defaultText : set->second,
                                            "/");
            }
            return std::nullopt;
        };
        return out;
    }
    Measurement measure(const std::vector<std::string>& args = kArgs) const
    {
        return plugin_->measure(context(), vm_, args);
    }
    static std::size_t candidates(const Measurement& measured, const std::string& name)
    {
        return static_cast<std::size_t>(std::count_if(measured.registers.begin(), measured.registers.end(),
                                                      [&](const auto& reg) { return reg.name == name; }));
    }
    static Bytes registerOf(const Measurement& measured, const std::string& name)
    {
        for (const auto& reg : measured.registers)
            if (reg.name == name)
                return reg.digest;
        CPPUNIT_FAIL(name + " is not predicted");
        return {};
    }

    void asksQemuForTheAcpiTables()
    {
        const Measurement measured = measure();
        for (const char* name : {"MRTD", "RTMR0", "RTMR1", "RTMR2"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::size_t{1}, candidates(measured, name));
        CPPUNIT_ASSERT_EQUAL(std::string("computed"), valueOf(measured, "tdx.acpi"));
        CPPUNIT_ASSERT_EQUAL(std::string(96, '0'), valueOf(measured, "tdx.mr_config_id"));
        const auto& asked = machines_->asked.at(0);
        CPPUNIT_ASSERT((asked.qemuArgs == kArgs));
        CPPUNIT_ASSERT_EQUAL(std::string("etc/acpi/tables"), asked.names.at(0));
    }

    void measuresWhatNewerFirmwareMeasures()
    {
        options_["firmware_profile"] = "custom,ready-to-boot=rtmr1,fw-cfg=on";
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, candidates(measure(), "RTMR0")); // with BootMenu, and without
        const Bytes without = registerOf(measure(), "RTMR0");
        std::vector<std::string> args = kArgs;
        args.insert(args.end(), {"-boot", "menu=on"});
        CPPUNIT_ASSERT(without != registerOf(measure(args), "RTMR0"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, candidates(measure({}), "RTMR0"));
    }

    void predictsTheRestWithoutAcpiTables()
    {
        const auto expectNoRtmr0 = [](const Measurement& measured, const std::string& why) {
            CPPUNIT_ASSERT_EQUAL(std::size_t{0}, candidates(measured, "RTMR0"));
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, candidates(measured, "RTMR1"));
            const std::string reason = valueOf(measured, "tdx.unpredictable.rtmr0");
            CPPUNIT_ASSERT_MESSAGE(reason, reason.find(why) != std::string::npos);
            CPPUNIT_ASSERT(!valueOf(measured, "tdx.rtmr0_events").empty());
        };
        expectNoRtmr0(measure({}), "no command line");
        expectNoRtmr0(measure({"-device", "vfio-pci,host=01:00.0"}), "vfio-pci");
        machines_->refuses = true;
        expectNoRtmr0(measure(), "no such device");
    }

    void takesTheTablesOfAFile()
    {
        const Bytes computed = registerOf(measure(), "RTMR0");
        options_["acpi_tables"] = scratch_.write("tables", tdx_factory::AcpiBuilder().build());
        const Measurement measured = measure({});
        CPPUNIT_ASSERT_EQUAL(std::string("file"), valueOf(measured, "tdx.acpi"));
        CPPUNIT_ASSERT(computed == registerOf(measured, "RTMR0"));
        options_["acpi_tables"] = scratch_.write("tables", std::string("no tables"));
        plugin::test::expectError(Category::FailedPrecondition, "tdx.acpi_tables", [&] { measure({}); });
    }

    Bytes log() const
    {
        tdx_factory::CcelBuilder builder;
        builder.events = tdx_factory::directBoot("quiet");
        return builder.build();
    }

    void comparesAnEventLog()
    {
        options_["event_log"] = scratch_.write("ccel", log());
        const Measurement measured = measure({});
        CPPUNIT_ASSERT_EQUAL(std::string("log"), valueOf(measured, "tdx.acpi"));
        // Its TD HOB and its kernel are made up, its command line is not.
        CPPUNIT_ASSERT(valueOf(measured, "tdx.log.rtmr0").starts_with("event 1 of RTMR0 differs"));
        CPPUNIT_ASSERT(valueOf(measured, "tdx.log.rtmr1").find("event 1 of RTMR1 differs") == 0);
        CPPUNIT_ASSERT(valueOf(measured, "tdx.log.rtmr2").find("event 2 of RTMR2 differs") == 0);
    }

    void blamesTheFileThatIsWrong()
    {
        vm_.kernel = "/nonexistent/bzImage";
        plugin::test::expectError(Category::FailedPrecondition, "/nonexistent/bzImage", [&] { measure(); });
        options_["firmware_profile"] = "edk2-1999";
        plugin::test::expectError(Category::FailedPrecondition, "tdx.firmware_profile", [&] { measure(); });
        options_["firmware_profile"] = "auto";
        vm_.vmId.clear();
        vm_.firmwareCode = scratch_.write("no-TDVF.fd", std::string("no firmware"));
        plugin::test::expectError(Category::FailedPrecondition, "tdx.firmware", [&] { measure(); });
    }

    /// A quote with these registers, under a hierarchy that is trusted, without collateral.
    VerifyRequest requestFor(const std::vector<std::pair<std::size_t, Bytes>>& fields) const
    {
        tdx_factory::QuoteTerms terms;
        terms.body = [&](Bytes& body) {
            constexpr std::size_t kConfigIdAt = 0xB8, kOwnersEnd = 0x148; // which are zeros by default
            std::fill(body.begin() + kConfigIdAt, body.begin() + kOwnersEnd, std::uint8_t{0});
            for (const auto& [at, bytes] : fields)
                std::copy(bytes.begin(), bytes.end(), body.begin() + static_cast<std::ptrdiff_t>(at));
        };
        const auto pck = tdx_factory::makeCertificate(hierarchy_.pckTerms());
        VerifyRequest request;
        request.evidence = {
            {"", tdx_factory::makeQuote(terms, hierarchy_, tdx_factory::chainText(hierarchy_, pck))}};
        request.anchors = {{"", hierarchy_.root.der()}};
        request.atWallNs = tdx_factory::kNow * 1'000'000'000;
        request.policyJson = R"({"collateral": "off"})";
        return request;
    }
    static constexpr std::size_t kRtmrAt = 0x148;
    VerifyRequest requestFor(const Measurement& measured) const
    {
        std::vector<std::pair<std::size_t, Bytes>> fields{
            {tdx_factory::field::kMrTd, registerOf(measured, "MRTD")}};
        for (std::size_t i = 0; i < 3; ++i)
            if (const std::string name = "RTMR" + std::to_string(i); candidates(measured, name) != 0)
                fields.emplace_back(kRtmrAt + 48 * i, registerOf(measured, name));
        VerifyRequest request = requestFor(fields);
        request.expected = measured.registers;
        request.reference = measured.values;
        return request;
    }
    VerifyResult verify(const VerifyRequest& request) const { return plugin_->verify(context(), request); }
    static std::string verdictOf(const VerifyResult& result, std::string_view id)
    {
        for (const auto& check : result.checks)
            if (check.id == id)
                return plugin::verdictName(check.verdict);
        return "none";
    }
    static void expectAccepted(const VerifyResult& result)
    {
        CPPUNIT_ASSERT_MESSAGE(result.reason, result.accepted);
    }

    void acceptsWhatItPredicted()
    {
        const VerifyResult result = verify(requestFor(measure()));
        expectAccepted(result);
        for (const char* id : {"tdx.measurement.mrtd", "tdx.measurement.rtmr0", "tdx.measurement.rtmr1",
                               "tdx.measurement.rtmr2", "tdx.reference.mr_config_id"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, std::string("PASS"), verdictOf(result, id));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), verdictOf(result, "tdx.unpredicted"));
    }

    void catchesEachRegister()
    {
        const Measurement measured = measure();
        for (const char* name : {"MRTD", "RTMR0", "RTMR1", "RTMR2"}) {
            VerifyRequest request = requestFor(measured);
            for (auto& reg : request.expected)
                if (reg.name == name)
                    reg.digest[0] ^= 1;
            std::string id = std::string("tdx.measurement.") + name;
            std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::tolower(c); });
            const VerifyResult result = verify(request);
            CPPUNIT_ASSERT(!result.accepted);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, std::string("FAIL"), verdictOf(result, id));
        }
    }

    /// The registers of an unknown image were never seen: a match proves something, a mismatch does not.
    void leavesOpenWhatAnUnexaminedFirmwareMeasures()
    {
        options_["firmware_profile"] = "auto";
        VerifyRequest request = requestFor(measure());
        request.policyJson = R"({"collateral": "off", "unpredicted": "ignore"})";
        expectAccepted(verify(request));
        for (auto& reg : request.expected)
            if (reg.name == "RTMR2" || reg.name == "RTMR1")
                reg.digest[0] ^= 1;
        VerifyResult result = verify(request);
        CPPUNIT_ASSERT(!result.accepted);
        for (const char* id : {"tdx.measurement.rtmr1", "tdx.measurement.rtmr2"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(id, std::string("ERROR"), verdictOf(result, id));
        for (auto& reg : request.expected)
            if (reg.name == "MRTD") // which the image alone decides
                reg.digest[0] ^= 1;
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(request), "tdx.measurement.mrtd"));
    }

    /// Linux measures command line and initrd into RTMRs from 6.9 on.
    void leavesOpenWhatAnOldKernelMeasures()
    {
        const auto verdict = [&](const char* version, const char* id) {
            vm_.kernel = scratch_.write("bzImage", boot_factory::KernelBuilder{.version = version}.build());
            VerifyRequest request = requestFor(measure());
            for (auto& reg : request.expected)
                if (reg.name == "RTMR1" || reg.name == "RTMR2")
                    reg.digest[0] ^= 1;
            return verdictOf(verify(request), id);
        };
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdict("6.8.0-31-generic", "tdx.measurement.rtmr2"));
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdict("6.8.0-31-generic", "tdx.measurement.rtmr1"));
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdict("6.9.0", "tdx.measurement.rtmr2"));
    }

    void doesNotAcceptWhatWasNotPredicted()
    {
        const Measurement measured = measure({});
        VerifyRequest request = requestFor(measured);
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(verify(request), "tdx.unpredicted"));
        CPPUNIT_ASSERT(!verify(request).accepted);
        request.policyJson = R"({"collateral": "off", "unpredicted": "ignore"})";
        CPPUNIT_ASSERT_EQUAL(std::string("WARN"), verdictOf(verify(request), "tdx.unpredicted"));
        expectAccepted(verify(request));
        // Who knows the register gives it.
        Bytes rtmr0(48, 0);
        const Quote quote = Quote::parse(request.evidence.front().data);
        std::copy(quote.body.rtmr[0].begin(), quote.body.rtmr[0].end(), rtmr0.begin());
        request.policyJson = R"({"collateral": "off", "rtmr0": ")" + kit::toHex(rtmr0) + "\"}";
        expectAccepted(verify(request));
        request.policyJson = R"({"collateral": "off"})";
        request.expected.push_back({"RTMR0", plugin::DigestAlg::Sha384, rtmr0});
        expectAccepted(verify(request));
    }

    /// What a log brought into RTMR0 when it was measured is nobody's word but the host's.
    void doesNotTakeTablesOfALogForComputedOnes()
    {
        options_["event_log"] = scratch_.write("ccel", log());
        VerifyRequest request = requestFor(measure({}));
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(verify(request), "tdx.measurement.rtmr0"));
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(verify(request), "tdx.unpredicted"));
        CPPUNIT_ASSERT(!verify(request).accepted);
        request.policyJson = R"({"collateral": "off", "acpi": "log"})";
        expectAccepted(verify(request));
    }

    /// A log of the predicted boot, but with ACPI tables of its own.
    void takesTablesFromTheLogWhereAPolicySaysSo()
    {
        const Measurement measured = measure({});
        auto events = tdx_factory::directBoot("quiet");
        VerifyRequest request = requestFor(measured);
        tdx_factory::CcelBuilder builder;
        builder.events = events;
        const Bytes ccel = builder.build();
        const Rtmrs made = replayRtmrs(parseTdLog(ccel));
        // The made-up log's own registers: the tables are taken from it, the rest is not as predicted.
        std::vector<std::pair<std::size_t, Bytes>> fields;
        for (std::size_t i = 0; i < made.size(); ++i)
            fields.emplace_back(kRtmrAt + 48 * i, Bytes(made[i].begin(), made[i].end()));
        VerifyRequest other = requestFor(fields);
        other.reference = measured.values;
        other.evidence.push_back({"", ccel});
        other.policyJson = R"({"collateral": "off", "acpi": "log"})";
        const VerifyResult result = verify(other);
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(result, "tdx.event_log"));
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(result, "tdx.measurement.rtmr0"));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), verdictOf(result, "tdx.unpredicted"));
        // The template of that very log, with zeros for the tables.
        Bytes digests;
        const auto parsed = parseTdLog(ccel);
        for (const auto& event : parsed.events) {
            if (event.reg != 1)
                continue;
            const bool isAcpi = kit::textOf(event.data) == "ACPI DATA";
            const Bytes digest =
                isAcpi ? Bytes(48, 0) : Bytes(event.digests[0].begin(), event.digests[0].end());
            digests.insert(digests.end(), digest.begin(), digest.end());
        }
        for (auto& one : other.reference)
            if (one.key == "tdx.rtmr0_events")
                one.value = digests;
        const VerifyResult accepted = verify(other);
        CPPUNIT_ASSERT_EQUAL(std::string("PASS"), verdictOf(accepted, "tdx.measurement.rtmr0"));
        expectAccepted(accepted);
        other.policyJson = R"({"collateral": "off"})";
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(verify(other), "tdx.unpredicted"));
        // What is only about the values holds nothing against the quote.
        std::erase_if(other.reference, [](const auto& one) { return one.key.starts_with("tdx.mr_"); });
        CPPUNIT_ASSERT_EQUAL(std::string("ERROR"), verdictOf(verify(other), "tdx.reference.none"));
    }

    void holdsTheLogAgainstTheQuote()
    {
        VerifyRequest request = requestFor(measure());
        request.evidence.push_back({"", log()});
        const VerifyResult result = verify(request);
        CPPUNIT_ASSERT(!result.accepted);
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(result, "tdx.event_log"));
        request.evidence.back().kind = "event_log"; // by the option of a person
        CPPUNIT_ASSERT_EQUAL(std::string("FAIL"), verdictOf(verify(request), "tdx.event_log"));
        const auto expectUnfit = [&](std::string_view id, const char* words) {
            const VerifyResult unfit = verify(request);
            CPPUNIT_ASSERT(!unfit.accepted && plugin::firstUnfit(unfit) != nullptr);
            CPPUNIT_ASSERT_EQUAL(std::string(id), plugin::firstUnfit(unfit)->id);
            const std::string& message = plugin::firstUnfit(unfit)->message;
            CPPUNIT_ASSERT_MESSAGE(message, message.find(words) != std::string::npos);
        };
        for (const char* kind : {"event_log", "tdx.event_log"}) { // whatever its first bytes are
            request.evidence.back() = {kind, Bytes(100, 1)};
            expectUnfit("tdx.event_log", "event log");
        }
        request.evidence.push_back({"tdx.event_log", log()});
        expectUnfit("tdx.quote.form", "1 and 2 event logs");
        request.evidence = {{"tdx.event_log", log()}};
        expectUnfit("tdx.quote.form", "0 and 1 event logs");
    }

    void tellsTheLogOfATdFromOthers()
    {
        CPPUNIT_ASSERT_EQUAL(97, plugin_->recognise({"", log()}));
        CPPUNIT_ASSERT_EQUAL(100, plugin_->recognise({"tdx.event_log", {}}));
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"tpm.event_log", log()}));
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"event_log", log()})); // every kind of VM has one
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"", Bytes(2000, 0)}));
        tdx_factory::CcelBuilder tpm;
        tpm.events = {{7, 0x8000'0001, "SecureBoot", "SecureBoot"}}; // a PCR that no TD has
        CPPUNIT_ASSERT_EQUAL(0, plugin_->recognise({"", tpm.build()}));
        const auto claims = plugin_->inspect(context(), {"", log()});
        CPPUNIT_ASSERT(std::any_of(claims.begin(), claims.end(), [](const auto& claim) {
            return plugin::valueText(claim.value).starts_with("RTMR0 EV_EFI_HANDOFF_TABLES2");
        }));
    }

    Scratch scratch_;
    plugin::test::KeptLog kept_;
    Options options_;
    plugin::VmFacts vm_;
    const tdx_factory::Hierarchy hierarchy_;
    std::shared_ptr<FakeMachines> machines_ = std::make_shared<FakeMachines>();
    std::unique_ptr<plugin::Plugin> plugin_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(PluginTest);

} // namespace teehost::tdx::test
