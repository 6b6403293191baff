// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "attest_vtpm/scene.h"
#include "log/boot_facts.h"
#include "log/event_log.h"
#include "log/ima_log.h"

namespace teehost::vtpm::test {
namespace {

constexpr auto kSha256 = HashAlgorithm::Sha2_256;

class LogTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LogTest);
    CPPUNIT_TEST(replaysInEveryBank);
    CPPUNIT_TEST(startsAtTheLocality);
    CPPUNIT_TEST(refusesLogsThatAreCut);
    CPPUNIT_TEST(dropsNothingButZerosAtTheEnd);
    CPPUNIT_TEST(refusesHeadersThatLie);
    CPPUNIT_TEST(namesTheFirstDifference);
    CPPUNIT_TEST(takesFactsFromPlacesNotTypes);
    CPPUNIT_TEST(describesEvents);
    CPPUNIT_TEST(matchesAnImaListThatGrew);
    CPPUNIT_TEST(knowsBothWaysToExtend);
    CPPUNIT_TEST(countsViolations);
    CPPUNIT_TEST_SUITE_END();

    void replaysInEveryBank()
    {
        const std::vector banks{HashAlgorithm::Sha1, kSha256, HashAlgorithm::Sha2_384,
                                HashAlgorithm::Sha2_512};
        const auto events = directBoot("quiet");
        const Bytes bytes = eventLog(events, banks);
        const EventLog log = EventLog::parse(bytes);
        CPPUNIT_ASSERT(log.cryptoAgile);
        CPPUNIT_ASSERT_EQUAL(events.size(), log.events.size());
        Pcrs expected = pcrsAfter(events, banks);
        for (const HashAlgorithm bank : banks) {
            const Replay replayed = replay(log, bank);
            for (std::uint32_t pcr = 0; pcr < kPcrs; ++pcr)
                CPPUNIT_ASSERT(kit::equal(expected[bank][pcr], replayed.values[pcr].view()));
            CPPUNIT_ASSERT(replayed.extended[9] && !replayed.extended[8]);
        }
    }

    void startsAtTheLocality()
    {
        auto events = directBoot("quiet");
        const Bytes locality = Writer().text(std::string_view("StartupLocality\0", 16)).big(3, 1).bytes();
        events.insert(events.begin(), {0, 0x3, locality, locality});
        const Bytes bytes = eventLog(events, {kSha256});
        const EventLog log = EventLog::parse(bytes);
        CPPUNIT_ASSERT(log.startupLocality == std::uint8_t{3});
        events.erase(events.begin());
        const Bytes without = eventLog(events, {kSha256});
        const auto here = replay(log, kSha256), there = replay(EventLog::parse(without), kSha256);
        CPPUNIT_ASSERT(!kit::equal(here.values[0].view(), there.values[0].view()));
        CPPUNIT_ASSERT(kit::equal(here.values[1].view(), there.values[1].view()));
    }

    static bool parses(const Bytes& bytes)
    {
        try {
            static_cast<void>(EventLog::parse(bytes));
            return true;
        } catch (const kit::InputError& e) {
            CPPUNIT_ASSERT_EQUAL(std::string_view("log_malformed"), e.reason());
            return false;
        }
    }

    void refusesLogsThatAreCut()
    {
        const Bytes whole = eventLog(directBoot("quiet"), {kSha256});
        const EventLog all = EventLog::parse(whole);
        std::set<std::size_t> lengths;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            if (!parses(cut))
                continue;
            // Between two events it is a log still, and the quote tells that some are missing. The zeros that
            // the next event begins with may be anybody's.
            const std::size_t count = EventLog::parse(cut).events.size();
            CPPUNIT_ASSERT(kit::isZero(kit::ByteView(cut).subspan(all.events[count].offset)));
            lengths.insert(count);
        }
        CPPUNIT_ASSERT_EQUAL(all.events.size(), lengths.size());
    }

    void dropsNothingButZerosAtTheEnd()
    {
        Bytes log = eventLog(directBoot("quiet"), {kSha256});
        const auto count = EventLog::parse(log).events.size();
        log.resize(log.size() + 4096);
        CPPUNIT_ASSERT_EQUAL(count, EventLog::parse(log).events.size());
        log.back() = 1;
        CPPUNIT_ASSERT(!parses(log));
    }

    void refusesHeadersThatLie()
    {
        const Bytes good = eventLog(directBoot("quiet"), {kSha256, HashAlgorithm::Sha2_384});
        constexpr std::size_t kCount = 32 + 24, kFirst = kCount + 4; // after signature, class and versions
        for (const auto& [offset, value] :
             {std::pair{kCount, 0}, {kCount, 9}, {kFirst + 2, 20}, {kFirst, 0xC}, {kFirst + 8, 1}}) {
            Bytes bad = good;
            bad[offset] = static_cast<std::uint8_t>(value);
            CPPUNIT_ASSERT(!parses(bad));
        }
    }

    void namesTheFirstDifference()
    {
        const Bytes bytes = eventLog(directBoot("quiet"), {kSha256});
        const EventLog log = EventLog::parse(bytes);
        const auto digest = [](std::string_view text) {
            const auto out = kit::sha256(kit::viewOf(text));
            return Bytes(out.begin(), out.end());
        };
        const ExpectedEvent kernel{digest("kernel"), "kernel"},
            call{digest("Calling EFI Application from Boot Option"), "announcement"},
            separator{digest(std::string_view("\0\0\0\0", 4)), "separator"};
        const auto difference = [&](const std::vector<ExpectedEvent>& expected) {
            const auto found = firstDifference(log, kSha256, 4, expected);
            return found ? explain(*found, "PCR 4") : std::string();
        };
        CPPUNIT_ASSERT_EQUAL(std::string(), difference({kernel, call, separator}));
        CPPUNIT_ASSERT_EQUAL(std::string("event 1 of PCR 4 differs: other kernel is expected, the log says "
                                         "EV_EFI_BOOT_SERVICES_APPLICATION 144680345676153346 bytes at "
                                         "0x202020202020202"),
                             difference({{digest("other"), "other kernel"}, call, separator}));
        CPPUNIT_ASSERT_EQUAL(std::string("event 3 of PCR 4 is not expected: EV_SEPARATOR 00000000"),
                             difference({kernel, call}));
        CPPUNIT_ASSERT_EQUAL(std::string("event 4 of PCR 4 (more) is not in the log"),
                             difference({kernel, call, separator, {digest("more"), "more"}}));
    }

    void takesFactsFromPlacesNotTypes()
    {
        auto events = directBoot("console=ttyS0", /*secure_boot=*/false);
        const auto facts = [&](auto&& ask) {
            const Bytes bytes = eventLog(events, {kSha256});
            return ask(EventLog::parse(bytes));
        };
        const auto secure = [](const EventLog& log) { return secureBoot(log, kSha256); };
        CPPUNIT_ASSERT(facts(secure) == false);
        // Root in the guest extends PCR 7 by what a secure boot would have measured.
        events.push_back(directBoot("", /*secure_boot=*/true)[2]);
        CPPUNIT_ASSERT(facts(secure) == false);
        events[2].type = 0xD; // and hides what was measured first
        CPPUNIT_ASSERT(facts(secure) == false);
        events[2].data.back() = 1; // or shows other data than was measured
        CPPUNIT_ASSERT(!facts(secure));

        // Firmware without Secure Boot has no such variable.
        auto absent = directBoot("console=ttyS0");
        constexpr std::size_t kDataLength = 24; // of UEFI_VARIABLE_DATA, behind GUID and length of the name
        for (Bytes* bytes : {&absent[2].data, &absent[2].measured}) {
            (*bytes)[kDataLength] = 0;
            bytes->pop_back();
        }
        const Bytes without = eventLog(absent, {kSha256});
        CPPUNIT_ASSERT(secureBoot(EventLog::parse(without), kSha256) == false);

        const auto kernel = [](const EventLog& log) { return kernelDigest(log, kSha256).has_value(); };
        CPPUNIT_ASSERT(facts(kernel));
        events.push_back({4, 0xD, {1}, {1}});
        CPPUNIT_ASSERT(!facts(kernel));

        const auto isLine = [](std::string_view line) {
            return [line](const EventLog& log) { return isCommandLine(log, kSha256, line); };
        };
        CPPUNIT_ASSERT(facts(isLine("console=ttyS0")));
        CPPUNIT_ASSERT(!facts(isLine("console=ttyS0 ")));
        CPPUNIT_ASSERT(!facts(isLine("")));
    }

    void describesEvents()
    {
        const Bytes bytes = eventLog(directBoot("quiet"), {kSha256});
        const EventLog log = EventLog::parse(bytes);
        CPPUNIT_ASSERT_EQUAL(std::string("SecureBoot, 1 bytes: 0"), describe(log.events[2]));
        CPPUNIT_ASSERT_EQUAL(std::string("Calling EFI Application from Boot Option"),
                             describe(log.events[6]));
        Event broken = log.events[2];
        broken.data = broken.data.first(20);
        CPPUNIT_ASSERT_EQUAL(std::string(), describe(broken));
        const Bytes escape{0x1B, '[', '2', 'J'};
        broken.type = event_type::kIpl;
        broken.data = escape;
        CPPUNIT_ASSERT_EQUAL(std::string("?[2J"), describe(broken));
    }

    void matchesAnImaListThatGrew()
    {
        Pcrs pcrs = pcrsAfter({}, {HashAlgorithm::Sha1, kSha256});
        const Bytes list = imaLog({"/a", "/b"}, pcrs);
        Pcrs before = pcrsAfter({}, {HashAlgorithm::Sha1, kSha256});
        static_cast<void>(imaLog({"/a"}, before));
        const ImaLog log = ImaLog::parse(list);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, log.entries.size());
        CPPUNIT_ASSERT_EQUAL(std::string_view("/b"), log.entries[2].path);
        for (const HashAlgorithm bank : {HashAlgorithm::Sha1, kSha256}) {
            CPPUNIT_ASSERT_EQUAL(std::size_t{3}, matchIma(log, bank, pcrs[bank][10])->entries);
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, matchIma(log, bank, before[bank][10])->entries);
            CPPUNIT_ASSERT(!matchIma(log, bank, Bytes(kit::sizeOf(bank))));
        }
    }

    void knowsBothWaysToExtend()
    {
        Pcrs pcrs = pcrsAfter({}, {kSha256});
        const Bytes list = imaLog({"/a"}, pcrs);
        const ImaLog log = ImaLog::parse(list);
        Bytes padded(32), mixed(32);
        const auto extend = [](Bytes& pcr, kit::ByteView by) {
            const auto next = kit::sha256(Writer().raw(pcr).raw(by).bytes());
            pcr.assign(next.begin(), next.end());
        };
        for (std::size_t i = 0; i < log.entries.size(); ++i) {
            Bytes sha1(log.entries[i].templateDigest.begin(), log.entries[i].templateDigest.end());
            sha1.resize(32);
            extend(padded, sha1);
            extend(mixed, i == 0 ? kit::ByteView(sha1) : kit::ByteView(kit::sha256(log.entries[i].data)));
        }
        CPPUNIT_ASSERT(matchIma(log, kSha256, padded)->paddedSha1);
        CPPUNIT_ASSERT(!matchIma(log, kSha256, mixed)); // one way or the other
    }

    void countsViolations()
    {
        Pcrs pcrs = pcrsAfter({}, {HashAlgorithm::Sha1});
        Bytes list = imaLog({}, pcrs);
        std::fill_n(list.begin() + 4, 20, std::uint8_t{0});
        const ImaLog log = ImaLog::parse(list);
        CPPUNIT_ASSERT(log.entries[0].violation);
        const auto wanted =
            kit::hash(HashAlgorithm::Sha1, Writer().raw(Bytes(20)).raw(Bytes(20, 0xFF)).bytes());
        CPPUNIT_ASSERT(matchIma(log, HashAlgorithm::Sha1, wanted.view()));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogTest);

} // namespace
} // namespace teehost::vtpm::test
