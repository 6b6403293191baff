// SPDX-License-Identifier: Apache-2.0
//
// Every firmware that Debian 12, 13 and sid ship, booted beside a software TPM: each PCR is what was
// predicted, or is called unpredictable with a reason. None differs. This is what the table of builds
// (predict/firmware_table.h) rests on. The firmware lies where firmware_matrix has unpacked it.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <mutex>

#include <cppunit/extensions/HelperMacros.h>

#include "support/child.h"
#include "support/guest_image.h"
#include "vtpm/boot_program.h"
#include "vtpm/guest_prediction.h"

namespace teehost::test {
namespace {

namespace fs = std::filesystem;
using namespace vtpm;

fs::path folder()
{
    const char* given = std::getenv("TEEHOST_TEST_FIRMWARE");
    if (given == nullptr)
        throw std::runtime_error("TEEHOST_TEST_FIRMWARE does not name a folder of firmware; run this program "
                                 "through tests/integration/vtpm/firmware_matrix");
    return given;
}

struct Row {
    std::string name;
    MeasuredBoot boot;
};

/// A QEMU, and what it calls itself.
struct Qemu {
    std::vector<std::string> program;
    std::string version;
};

/// "7.2.22" of "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)".
std::string versionOf(const std::vector<std::string>& program)
{
    const ScratchDir scratch;
    std::vector<std::string> argv = program;
    argv.push_back("--version");
    const std::string words = runOrThrow(argv, scratch.path());
    const std::size_t at = words.find("version ");
    CPPUNIT_ASSERT_MESSAGE(words, at != std::string::npos);
    const std::size_t begin = at + 8;
    return words.substr(begin, words.find_first_of(" \n", begin) - begin);
}

Qemu installedQemu() { return {{"qemu-system-x86_64"}, versionOf({"qemu-system-x86_64"})}; }

/// Unpacked only, so it has to be told where its files and those of SeaBIOS are.
std::optional<Qemu> backportsQemu()
{
    const fs::path usr = folder() / "bookworm-backports/usr";
    const std::string program = (usr / "bin/qemu-system-x86_64").string();
    if (!fs::exists(program))
        return std::nullopt;
    return Qemu{
        {program, "-L", (usr / "share/qemu").string(), "-L", "/usr/share/seabios", "-L", "/usr/share/qemu"},
        versionOf({program})};
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Says why a firmware is not booted here.
std::optional<std::string> unbootable(const fs::path& file, std::string_view suite)
{
    if (has(file.string(), "amdsev"))
        return "starts a kernel in SEV VMs only";
    if (has(file.string(), "inteltdx"))
        return "has Microsoft's keys enrolled, which do not vouch for this kernel";
    if (suite == "bookworm" && file.filename() == "OVMF_CODE.secboot.fd")
        return "hangs without KVM";
    return std::nullopt;
}

MeasuredBoot directBoot(const fs::path& code, const std::string& vars)
{
    static const std::string kernel = referenceKernel(), initrd = printingInitrd("a");
    MeasuredBoot out{.folder = code.parent_path(),
                     .firmware = code.filename().string(),
                     .vars = vars,
                     .kernel = kernel,
                     .initrd = initrd,
                     .cmdline = quickCmdline()};
    if (has(out.firmware, "secboot"))
        out.machine = "q35,smm=on";
    return out;
}

std::vector<fs::path> filesOf(const fs::path& where, std::string_view start)
{
    std::vector<fs::path> out;
    if (fs::is_directory(where))
        for (const auto& entry : fs::directory_iterator(where))
            if (!entry.is_symlink() && entry.path().filename().string().starts_with(start) &&
                entry.path().extension() == ".fd")
                out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
}

class FirmwareMatrixTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FirmwareMatrixTest);
    CPPUNIT_TEST(predictsKernelsThatAreStartedDirectly);
    CPPUNIT_TEST(predictsMachinesOfManyShapes);
    CPPUNIT_TEST(predictsWithTheQemuOfTheBackports);
    CPPUNIT_TEST(predictsBootsFromADisk);
    CPPUNIT_TEST_SUITE_END();

    void predictsKernelsThatAreStartedDirectly()
    {
        std::vector<Row> rows;
        for (const char* suite : kSuites) {
            for (const fs::path& code : filesOf(share(suite) / "OVMF", "OVMF_CODE"))
                addCode(rows, suite, code);
            for (const fs::path& whole : filesOf(share(suite) / "ovmf", "OVMF"))
                add(rows, suite, whole, directBoot(whole, ""), "-bios");
        }
        bootAll(rows, installedQemu());
    }

    /// Covers the builds whose PCR 0 is computed; Debian 12's larger one is in integration-vtpm_prediction.
    void predictsMachinesOfManyShapes()
    {
        std::vector<Row> rows;
        for (const auto& [suite, name] : {std::pair{"bookworm", "OVMF_CODE.fd"},
                                          {"trixie", "OVMF_CODE_4M.fd"},
                                          {"sid", "OVMF_CODE_4M.fd"}}) {
            const fs::path code = share(suite) / "OVMF" / name;
            if (!fs::exists(code))
                continue;
            const MeasuredBoot base = directBoot(code, has(name, "_4M") ? "OVMF_VARS_4M.fd" : "OVMF_VARS.fd");
            MeasuredBoot pc = base, above = base, intel = base, wide = base, roomy = base;
            pc.machine = "pc";
            pc.vcpus = 2;
            pc.maxVcpus = 4;
            pc.memoryMiB = 2500;
            above.memoryMiB = 3000; // part of it above 4 GiB
            above.vcpus = above.maxVcpus = 2;
            intel.cpu = "Skylake-Client";
            intel.maxVcpus = 64;
            wide.cpu = "EPYC,phys-bits=46";
            wide.memoryMiB = 640;
            roomy.machine = "pc"; // moves the window by 32 GiB
            roomy.memoryRoom = ",slots=5,maxmem=30G";
            roomy.cpu = "Skylake-Client";
            roomy.memoryMiB = 4000;
            add(rows, suite, code, pc, "pc");
            add(rows, suite, code, above, "memory above 4 GiB");
            add(rows, suite, code, intel, "Intel");
            add(rows, suite, code, wide, "46 address bits");
            add(rows, suite, code, roomy, "room for more memory");
        }
        bootAll(rows, installedQemu());
    }

    void predictsWithTheQemuOfTheBackports()
    {
        const auto qemu = backportsQemu();
        if (!qemu) {
            std::cout << "SKIPPED: QEMU of the backports is not there\n";
            return;
        }
        std::vector<Row> rows;
        for (const char* suite : kSuites)
            for (const char* machine : {"q35", "pc"}) {
                const fs::path code = share(suite) / "OVMF/OVMF_CODE_4M.fd";
                if (!fs::exists(code))
                    continue;
                MeasuredBoot boot = directBoot(code, "OVMF_VARS_4M.fd");
                boot.machine = machine;
                boot.memoryMiB = 3000; // which a header that is filled in depends on
                add(rows, suite, code, boot, machine);
            }
        bootAll(rows, *qemu);
    }

    void predictsBootsFromADisk()
    {
        const std::optional<BootProgram> program = BootProgram::find(folder() / "bookworm");
        if (!program) {
            std::cout << "SKIPPED: there are no tools to make a boot program with\n";
            return;
        }
        std::vector<Row> rows;
        const std::string kernel = referenceKernel(), initrd = printingInitrd("a");
        const std::string plain = program->make(kernel, initrd, quickCmdline());
        for (const char* suite : kSuites) {
            const fs::path ovmf = share(suite) / "OVMF";
            if (!fs::is_directory(ovmf))
                continue;
            MeasuredBoot boot = directBoot(ovmf / "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd");
            boot.disk = plain;
            add(rows, suite, boot.firmware, boot, "disk");
            // Enforced: the firmware measures whose key has signed the program.
            boot = directBoot(ovmf / "OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.snakeoil.fd");
            boot.disk = program->sign(plain, snakeoilOf(suite));
            add(rows, suite, boot.firmware, boot, "disk, Secure Boot");
        }
        bootAll(rows, installedQemu());
    }

    static constexpr const char* kSuites[] = {"bookworm", "trixie", "sid"};

    [[nodiscard]] static fs::path share(const std::string& suite) { return folder() / suite / "usr/share"; }

    /// Returns the place of a package's key; sid's has none any more, and enrolls Debian 13's.
    [[nodiscard]] static fs::path snakeoilOf(const std::string& suite)
    {
        const fs::path own = share(suite) / "ovmf/PkKek-1-snakeoil";
        return fs::exists(own.string() + ".pem") ? own : share("trixie") / "ovmf/PkKek-1-snakeoil";
    }

    static void add(std::vector<Row>& rows, const std::string& suite, const fs::path& file,
                    const MeasuredBoot& boot, const std::string& how)
    {
        const std::string name = suite + " " + file.filename().string() + " (" + how + ")";
        if (const auto why = unbootable(file, suite))
            std::cout << name << ": not booted, " << *why << "\n";
        else
            rows.push_back({name, boot});
    }

    /// With each variable store that fits it. Without Secure Boot in it the keys change nothing but PCR 7.
    static void addCode(std::vector<Row>& rows, const std::string& suite, const fs::path& code)
    {
        const std::string stem = has(code.filename().string(), "_4M") ? "OVMF_VARS_4M" : "OVMF_VARS";
        for (const char* keys : {"", ".ms", ".snakeoil"}) {
            const std::string vars = stem + keys + ".fd";
            if (fs::exists(code.parent_path() / vars))
                add(rows, suite, code, directBoot(code, vars), vars);
        }
    }

    void bootAll(const std::vector<Row>& rows, const Qemu& qemu)
    {
        std::cout << "QEMU " << qemu.version << "\n";
        CPPUNIT_ASSERT(!rows.empty());
        std::atomic<std::size_t> next = 0;
        std::vector<std::string> different;
        std::mutex mutex;
        const auto work = [&] {
            for (std::size_t i = next++; i < rows.size(); i = next++) {
                const std::string found = boot(rows[i], qemu);
                const std::lock_guard lock(mutex);
                std::cout << rows[i].name << ": " << found << std::endl;
                if (has(found, "DIFFERENT"))
                    different.push_back(rows[i].name + ": " + found);
            }
        };
        auto other = std::async(std::launch::async, work);
        work();
        other.get();
        std::string all;
        for (const std::string& one : different)
            all += one + "\n";
        CPPUNIT_ASSERT_EQUAL(std::string(), all);
    }

    /// Tells which PCRs came out as predicted, which did not, and why others have no prediction.
    static std::string boot(const Row& row, const Qemu& qemu)
    {
        MeasuredBoot boot = row.boot;
        boot.qemu = qemu.program;
        const MeasuredGuest guest(boot);
        const PcrPrediction prediction = predict(guest, qemu.version);
        if (prediction.kernelNotMeasured && has(*prediction.kernelNotMeasured, "does not start it"))
            return "not booted, as the firmware refuses this kernel";
        return compare(prediction, guest.run());
    }

    static std::string compare(const PcrPrediction& prediction, const ReportedPcrs& actual)
    {
        std::string equal, different, open;
        for (std::uint32_t pcr = 0; pcr <= 16; ++pcr) {
            const std::string number = " " + std::to_string(pcr);
            bool told = false;
            for (const BankPrediction& bank : prediction.banks) {
                if (!bank.values[pcr])
                    continue;
                told = true;
                const std::string name(kit::nameOf(bank.bank));
                if (kit::toHex(bank.values[pcr]->view()) != actual.at({name, pcr}))
                    different += number + " in " + name + " is " + actual.at({name, pcr}) + ",";
            }
            const auto reason = prediction.unpredictable.find(pcr);
            if (told)
                equal += number;
            else if (reason != prediction.unpredictable.end())
                open += number + " (" + reason->second + ")";
            else if (pcr <= 9) // the others are nobody's: nothing is said of them
                different += number + " has no value and no reason,";
        }
        return "equal" + equal + (different.empty() ? "" : "; DIFFERENT" + different) +
               (open.empty() ? "" : "; not predicted" + open);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(FirmwareMatrixTest);

} // namespace
} // namespace teehost::test
