// SPDX-License-Identifier: Apache-2.0
#include "host/launch/stand_in_files.h"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>

#include "tests/unit/launch/settings_fixture.h"

namespace teehost::launch {
namespace {

namespace fs = std::filesystem;

class StandInFilesTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StandInFilesTest);
    CPPUNIT_TEST(keepsFirmwareThatExists);
    CPPUNIT_TEST(replacesFirmwareThatDoesNot);
    CPPUNIT_TEST(findsTheCounterpartOfWhatExists);
    CPPUNIT_TEST(doesNotUndoADecision);
    CPPUNIT_TEST(refusesAMixOfTwoBuilds);
    CPPUNIT_TEST(takesIgvmmeasureOutOfADirectory);
    CPPUNIT_TEST(warnsOfMissingImagesAndPrograms);
    CPPUNIT_TEST_SUITE_END();

    ScratchDir dir_;
    settings::Findings findings_;

    /// A firmware file of a size that builds of OVMF have.
    std::string file(const std::string& name, std::uintmax_t bytes)
    {
        const auto path = dir_.write(name, "");
        fs::resize_file(path, bytes);
        return path;
    }
    std::string code2() { return file("CODE.fd", 0x1E0000); }
    std::string vars2() { return file("VARS.fd", 0x20000); }
    std::string code4() { return file("CODE_4M.fd", 0x37C000); }
    std::string vars4() { return file("VARS_4M.fd", 0x84000); }
    std::vector<FirmwarePair> known()
    {
        return {{"/no/such.fd", "/no/such-vars.fd"}, {code2(), vars2()}, {code4(), vars4()}};
    }

    /// "CODE VARS" after it was looked for others.
    std::string standIn(const std::string& code, const std::string& vars, std::vector<std::string> more = {})
    {
        findings_ = {};
        more.push_back("ovmf.code.file=" + code);
        more.push_back("ovmf.vars.file=" + vars);
        auto settings = hostSettings(dir_, more);
        standInForFirmware(settings, findings_, known());
        return settings.text("ovmf.code.file") + " " + settings.text("ovmf.vars.file");
    }

    void keepsFirmwareThatExists()
    {
        CPPUNIT_ASSERT_EQUAL(code4() + " " + vars4(), standIn(code4(), vars4()));
        CPPUNIT_ASSERT_EQUAL(std::string("none /x"), standIn("none", "/x"));
        const auto own = file("own.fd", 12345);
        CPPUNIT_ASSERT_EQUAL(own + " " + vars4(), standIn(own, vars4()));
        CPPUNIT_ASSERT(findings_.warnings().empty() && !findings_.refused());
    }

    void replacesFirmwareThatDoesNot()
    {
        CPPUNIT_ASSERT_EQUAL(code2() + " " + vars2(),
                             standIn("/usr/share/arch/OVMF_CODE.fd", "/usr/share/arch/OVMF_VARS.fd"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, findings_.warnings().size());
        CPPUNIT_ASSERT_MESSAGE(
            findings_.warnings()[0],
            findings_.warnings()[0].find("ovmf.code.file=/usr/share/arch/OVMF_CODE.fd (command "
                                         "line) does not exist here; " +
                                         code2()) != std::string::npos);
    }

    void findsTheCounterpartOfWhatExists()
    {
        CPPUNIT_ASSERT_EQUAL(code4() + " " + vars4(), standIn("/usr/share/none/CODE.fd", vars4()));
        CPPUNIT_ASSERT_EQUAL(code4() + " " + vars4(), standIn(code4(), "/usr/share/none/VARS.fd"));
        const auto enrolled = file("enrolled.fd", 0x84000);
        CPPUNIT_ASSERT_EQUAL(code4() + " " + enrolled, standIn("/usr/share/none/CODE.fd", enrolled));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings_.warnings().size());
    }

    void doesNotUndoADecision()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("/no/OVMF_CODE.secboot.fd /no/v"),
                             standIn("/no/OVMF_CODE.secboot.fd", "/no/v"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings_.warnings().size());
        CPPUNIT_ASSERT_EQUAL(std::string("/no/c /no/v"),
                             standIn("/no/c", "/no/v", {"ovmf.code.format=qcow2"}));
        const auto own = file("own.fd", 12345);
        CPPUNIT_ASSERT_EQUAL(own + " /no/v", standIn(own, "/no/v"));
        CPPUNIT_ASSERT(!findings_.refused());
    }

    void refusesAMixOfTwoBuilds()
    {
        standIn(code4(), vars2());
        CPPUNIT_ASSERT(findings_.refused("ovmf.vars.file"));
        standIn(code2(), vars4());
        CPPUNIT_ASSERT(findings_.refused("ovmf.vars.file"));
    }

    void takesIgvmmeasureOutOfADirectory()
    {
        const auto look = [&](const std::string& path) {
            findings_ = {};
            auto settings = hostSettings(dir_, {"attest.igvmmeasure_binary=" + path});
            lookAtFiles(settings, findings_);
            return settings.text("attest.igvmmeasure_binary");
        };
        const auto build = dir_.path() / "build";
        fs::create_directories(build);
        CPPUNIT_ASSERT_EQUAL(std::string(), look(build.string()));
        CPPUNIT_ASSERT(!findings_.warnings().empty());
        CPPUNIT_ASSERT_EQUAL(std::string(), look("/no/such"));
        const auto program = dir_.write("build/igvmmeasure", "#!/bin/sh\n");
        CPPUNIT_ASSERT_EQUAL(std::string(), look(build.string())); // not executable
        ::chmod(program.c_str(), 0755);
        CPPUNIT_ASSERT_EQUAL(program, look(build.string()));
        CPPUNIT_ASSERT_EQUAL(program, look(program));
    }

    void warnsOfMissingImagesAndPrograms()
    {
        const auto warnings = [&](std::vector<std::string> overrides) {
            findings_ = {};
            overrides.emplace_back("qemu.bin_path=/bin/sh"); // any program will do
            auto settings = hostSettings(dir_, std::move(overrides));
            lookAtFiles(settings, findings_);
            CPPUNIT_ASSERT(!findings_.refused());
            return findings_.warnings().size();
        };
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, warnings({}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, warnings({"qemu.kernel.file=/no/bzImage"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, warnings({"qemu.kernel.initrd="}));
        CPPUNIT_ASSERT_EQUAL(
            std::size_t{1},
            warnings({"qemu.kernel.file=/no/bzImage", "qemu.disk.enable=true", "qemu.disk.source=/no/disk"}));
        findings_ = {};
        auto settings = hostSettings(dir_, {"qemu.bin_path=/no/qemu"});
        lookAtFiles(settings, findings_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings_.warnings().size());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(StandInFilesTest);

} // namespace
} // namespace teehost::launch
