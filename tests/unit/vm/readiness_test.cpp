// SPDX-License-Identifier: Apache-2.0
#include "host/vm/readiness.h"

#include <cppunit/extensions/HelperMacros.h>

namespace teehost::vm {
namespace {

using agent::Answer;

class ReadinessTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReadinessTest);
    CPPUNIT_TEST(eachSignWantsItsSignal);
    CPPUNIT_TEST(aRefusalIsHealthOnlyWhereTheGuestIsTheSign);
    CPPUNIT_TEST(namesAreReadBack);
    CPPUNIT_TEST(tellsWhichSignalWasSeen);
    CPPUNIT_TEST_SUITE_END();

    static constexpr UpSignal kSignals[] = {UpSignal::None, UpSignal::Console, UpSignal::Guest,
                                            UpSignal::Port};

    void eachSignWantsItsSignal()
    {
        struct Row {
            UpWhen when;
            bool up[4]; ///< for each of kSignals
        };
        constexpr Row rows[] = {{UpWhen::Port, {false, false, false, true}},
                                {UpWhen::Guest, {false, true, true, true}},
                                {UpWhen::None, {true, true, true, true}}};
        for (const auto& row : rows)
            for (std::size_t i = 0; i < 4; ++i)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(upWhenName(row.when)) + " " +
                                                 std::string(signalName(kSignals[i])),
                                             row.up[i], isUp(row.when, kSignals[i]));
    }

    void aRefusalIsHealthOnlyWhereTheGuestIsTheSign()
    {
        for (const auto when : {UpWhen::Port, UpWhen::Guest}) {
            CPPUNIT_ASSERT_EQUAL(when == UpWhen::Guest, isHealthy(when, Answer::Refused));
            CPPUNIT_ASSERT(!isHealthy(when, Answer::None));
            for (const auto answer : {Answer::Listens, Answer::Grpc, Answer::Tls, Answer::Other})
                CPPUNIT_ASSERT(isHealthy(when, answer));
        }
    }

    void namesAreReadBack()
    {
        for (const auto when : {UpWhen::Port, UpWhen::Guest, UpWhen::None})
            CPPUNIT_ASSERT(parseUpWhen(upWhenName(when)) == when);
        for (const auto signal : kSignals)
            CPPUNIT_ASSERT(parseSignal(signalName(signal)) == signal);
        CPPUNIT_ASSERT(!parseUpWhen("auto") && !parseUpWhen("") && !parseSignal("agent"));
    }

    void tellsWhichSignalWasSeen()
    {
        const auto message = [](UpSignal signal, Answer answer) {
            return upMessage(UpWhen::Guest, signal, answer, "127.0.0.1:6100");
        };
        CPPUNIT_ASSERT_EQUAL(std::string("the agent answers on 127.0.0.1:6100 (TLS)"),
                             message(UpSignal::Port, Answer::Tls));
        CPPUNIT_ASSERT(message(UpSignal::Guest, Answer::Refused).find("network answers") !=
                       std::string::npos);
        CPPUNIT_ASSERT(message(UpSignal::Console, Answer::None).find("boot marker") != std::string::npos);
        CPPUNIT_ASSERT(upMessage(UpWhen::None, UpSignal::None, Answer::None, "").find("not asked") !=
                       std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReadinessTest);

} // namespace
} // namespace teehost::vm
