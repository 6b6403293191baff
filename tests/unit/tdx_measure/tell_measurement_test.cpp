// SPDX-License-Identifier: Apache-2.0
//
// What the host is told of a measurement, through the sink it takes it with.
#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

#include "host/plugin/answer_sinks.h"
#include "tdx/measure/tell_measurement.h"

namespace teehost::tdx::test {
namespace {

kit::Sha384Digest digest(std::uint8_t value)
{
    kit::Sha384Digest out;
    out.fill(value);
    return out;
}

class TellMeasurementTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TellMeasurementTest);
    CPPUNIT_TEST(givesEveryCandidate);
    CPPUNIT_TEST(saysWhatIsNotPredicted);
    CPPUNIT_TEST(keepsTheContractsLimit);
    CPPUNIT_TEST_SUITE_END();

    static plugin::Measurement told(const TdMeasurement& measurement)
    {
        plugin::MeasureSink sink;
        tell(measurement, sdk::Reference(sink.table()));
        return sink.finish();
    }
    static std::string value(const plugin::Measurement& measurement, const std::string& key)
    {
        for (const auto& one : measurement.values)
            if (one.key == key)
                return std::get<std::string>(one.value);
        return {};
    }

    void givesEveryCandidate()
    {
        TdMeasurement measurement;
        RegisterPrediction rtmr{"RTMR1"};
        rtmr.add("QEMU does so", {{"kernel", "/k", digest(1)}});
        rtmr.add("QEMU does not", {{"kernel", "/k", digest(2)}});
        rtmr.add("the same", {{"kernel", "/k", digest(2)}});
        measurement.registers = {rtmr};
        measurement.commentary = {{"not expected", "", digest(3)}};
        const auto out = told(measurement);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, out.registers.size());
        CPPUNIT_ASSERT_EQUAL(std::string("RTMR1"), out.registers[1].name);
        CPPUNIT_ASSERT(out.registers[0].digest != out.registers[1].digest);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, out.events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("kernel (if QEMU does not)"), out.events[1].what);
        CPPUNIT_ASSERT_EQUAL(std::string("MRTD"), out.events[2].reg);
    }

    void saysWhatIsNotPredicted()
    {
        TdMeasurement measurement;
        measurement.registers = {RegisterPrediction::unknown("RTMR0", "nobody knows")};
        measurement.firmware = "some firmware";
        measurement.acpi = AcpiOrigin::Log;
        measurement.notPortable = "zeros";
        const auto out = told(measurement);
        CPPUNIT_ASSERT(out.registers.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("nobody knows"), value(out, "tdx.unpredictable.rtmr0"));
        CPPUNIT_ASSERT_EQUAL(std::string("some firmware"), value(out, "tdx.firmware"));
        CPPUNIT_ASSERT_EQUAL(std::string("log"), value(out, "tdx.acpi"));
        CPPUNIT_ASSERT_EQUAL(std::string("zeros"), value(out, "tdx.not_portable"));
        CPPUNIT_ASSERT_EQUAL(std::string(), value(out, "tdx.firmware_profile"));
    }

    void keepsTheContractsLimit()
    {
        TdMeasurement measurement;
        RegisterPrediction mrtd{"MRTD"};
        mrtd.candidates.push_back({"", digest(1), TdEvents(10'000, {"a section", "", digest(2)})});
        measurement.registers = {mrtd};
        CPPUNIT_ASSERT(told(measurement).events.size() <= 4096);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TellMeasurementTest);

} // namespace
} // namespace teehost::tdx::test
