// SPDX-License-Identifier: Apache-2.0
//
// The kernel as it is measured: its header filled in, and what Authenticode leaves out.
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include <teehost/kit/kernel_header.h>
#include <teehost/kit/load_options.h>
#include <teehost/kit/pe_authenticode.h>

#include "boot_factory/boot_files.h"
#include "refusal.h"

namespace teehost::kit::test {
namespace {

using namespace boot_factory;
using teehost::test::expectRefusal;

std::uint32_t u32At(const Bytes& bytes, std::size_t at)
{
    Reader in(bytes, "kernel");
    in.skip(at);
    return in.u32();
}

std::string digestOf(const Bytes& image)
{
    constexpr HashAlgorithm kSha256[] = {HashAlgorithm::Sha2_256};
    return toHex(authenticode(image, kSha256).front().view());
}

class KernelTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KernelTest);
    CPPUNIT_TEST(fillsInTheHeaderAsQemuDoes);
    CPPUNIT_TEST(placesTheInitrdByProtocolAndMemory);
    CPPUNIT_TEST(writesTheVideoMode);
    CPPUNIT_TEST(refusesWhatIsNoKernel);
    CPPUNIT_TEST(readsTheVersionThatIsThere);
    CPPUNIT_TEST(leavesOutChecksumAndSignatures);
    CPPUNIT_TEST(hashesEveryOtherByte);
    CPPUNIT_TEST(hashesInTheOrderOfTheFile);
    CPPUNIT_TEST(padsWhereItIsToldTo);
    CPPUNIT_TEST(refusesDamagedImages);
    CPPUNIT_TEST(writesLoadOptions);
    CPPUNIT_TEST(refusesCommandLinesItCannotPredict);
    CPPUNIT_TEST_SUITE_END();

    void fillsInTheHeaderAsQemuDoes()
    {
        const Bytes before = KernelBuilder().build();
        Bytes after = before;
        patchKernelHeader(after, 1u << 30, std::nullopt);
        CPPUNIT_ASSERT_EQUAL(0xB0, int{after[0x210]});
        CPPUNIT_ASSERT_EQUAL(0x81, int{after[0x211]});
        CPPUNIT_ASSERT_EQUAL(0x2'0000u, u32At(after, 0x228));
        CPPUNIT_ASSERT_EQUAL(0xFE00u, u32At(after, 0x224) & 0xFFFF);
        CPPUNIT_ASSERT_EQUAL(0u, u32At(after, 0x218)); // no initrd
        std::size_t changed = 0;
        for (std::size_t i = 0; i < before.size(); ++i)
            changed += before[i] != after[i] ? 1 : 0;
        CPPUNIT_ASSERT_EQUAL(std::size_t{4},
                             changed); // the loader, the flags, and one byte of each of the others
    }

    void placesTheInitrdByProtocolAndMemory()
    {
        struct Row {
            KernelBuilder kernel;
            std::uint64_t memory;
            std::uint32_t address; ///< of an initrd of 0x1001 bytes
        };
        const Row rows[] = {
            {{}, 1u << 30, 0x3FFD'6000},                      // below what ACPI tables take of 1 GiB
            {{.extendedFlags = 0}, 0xC000'0000, 0x7FFF'E000}, // below what the kernel allows
            {{}, 0xC000'0000, 0xBFFD'6000}, // which it does not matter to one that may be above
            {{.protocol = 0x202}, 0x8000'0000, 0x37FF'E000},
        };
        for (const Row& row : rows) {
            Bytes kernel = row.kernel.build();
            patchKernelHeader(kernel, row.memory, 0x1001);
            CPPUNIT_ASSERT_EQUAL(row.address, u32At(kernel, 0x218));
            CPPUNIT_ASSERT_EQUAL(0x1001u, u32At(kernel, 0x21C));
        }
    }

    void writesTheVideoMode()
    {
        struct Row {
            std::string_view cmdline;
            std::uint32_t mode;
        };
        for (const Row& row : {Row{"quiet", 0}, Row{"vga=ask", 0xFFFD}, Row{"a vga=0x317 b", 0x317},
                               Row{"xvga=normal", 0xFFFF}, Row{"vga=791", 791}, Row{"vga=010", 8}}) {
            Bytes kernel = KernelBuilder().build();
            patchKernelHeader(kernel, 1u << 30, std::nullopt, row.cmdline);
            CPPUNIT_ASSERT_EQUAL(row.mode, u32At(kernel, 0x1FA) & 0xFFFF);
        }
        for (const std::string_view cmdline : {"vga=", "vga=x", "vga=12x"})
            expectRefusal("bad_kernel", [&] {
                Bytes kernel = KernelBuilder().build();
                patchKernelHeader(kernel, 1u << 30, std::nullopt, cmdline);
            });
    }

    void refusesWhatIsNoKernel()
    {
        const auto refuses = [](Bytes kernel, std::uint64_t memory, std::uint64_t initrd) {
            expectRefusal("bad_kernel", [&] { patchKernelHeader(kernel, memory, initrd); });
        };
        const Bytes kernel = KernelBuilder().build();
        for (std::size_t size = 0; size < 0x268; size += 0x20)
            refuses({kernel.begin(), kernel.begin() + static_cast<std::ptrdiff_t>(size)}, 1u << 30, 1);
        refuses(KernelBuilder{.protocol = 0x201}.build(), 1u << 30, 1);
        refuses(kernel, 0x1'0000, 1);
        refuses(kernel, 1u << 30, 1u << 30);
        Bytes low = kernel;
        low[0x211] = 0; // loaded low
        refuses(low, 1u << 30, 1);
    }

    void readsTheVersionThatIsThere()
    {
        const auto path = std::filesystem::temp_directory_path() / ("kernel-" + std::to_string(::getpid()));
        const auto versionOf = [&](const Bytes& file) {
            std::ofstream(path, std::ios::binary) << textOf(file);
            const auto version = linuxVersionOf(path.string());
            return version ? toText(*version) : "none";
        };
        CPPUNIT_ASSERT_EQUAL(std::string("6.12"),
                             versionOf(KernelBuilder{.version = "6.12.57+deb12-amd64 (x)"}.build()));
        CPPUNIT_ASSERT_EQUAL(std::string("5.10"), versionOf(KernelBuilder{.version = "5.10"}.build()));
        for (const char* text : {"6", "6.", "x.y", "linux"})
            CPPUNIT_ASSERT_EQUAL(std::string("none"), versionOf(KernelBuilder{.version = text}.build()));
        Bytes kernel = KernelBuilder{.version = "6.1.0"}.build();
        kernel[0x20F] = 0xFF; // beyond the file
        CPPUNIT_ASSERT_EQUAL(std::string("none"), versionOf(kernel));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), versionOf(KernelBuilder().build()));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), versionOf(Bytes(10)));
        std::filesystem::remove(path);
        CPPUNIT_ASSERT(!linuxVersionOf(path.string()));
    }

    void leavesOutChecksumAndSignatures()
    {
        Bytes kernel = KernelBuilder().build();
        const std::string digest = digestOf(kernel);
        CPPUNIT_ASSERT_EQUAL(digest, digestOf(KernelBuilder{.signature = "signed by somebody"}.build()));
        kernel[kOptional + 64] ^= 1;
        CPPUNIT_ASSERT_EQUAL(digest, digestOf(kernel));
    }

    void hashesEveryOtherByte()
    {
        const Bytes kernel = KernelBuilder().build();
        const std::string digest = digestOf(kernel);
        for (const std::size_t at :
             {std::size_t{2}, kOptional + 59, kOptional + 68, kOptional + 143, kOptional + 152,
              std::size_t{0x3FF}, std::size_t{0x400}, kernel.size() - 1}) {
            Bytes changed = kernel;
            changed[at] ^= 1;
            CPPUNIT_ASSERT_MESSAGE(std::to_string(at), digest != digestOf(changed));
        }
    }

    void hashesInTheOrderOfTheFile()
    {
        // With nothing left out in between, Authenticode is the digest of the file without those twelve
        // bytes.
        const Bytes kernel = KernelBuilder().build();
        Bytes kept(kernel.begin(), kernel.begin() + kOptional + 64);
        kept.insert(kept.end(), kernel.begin() + kOptional + 68, kernel.begin() + kOptional + 144);
        kept.insert(kept.end(), kernel.begin() + kOptional + 152, kernel.end());
        CPPUNIT_ASSERT_EQUAL(toHex(sha256(kept)), digestOf(kernel));
    }

    void padsWhereItIsToldTo()
    {
        constexpr HashAlgorithm kOne[] = {HashAlgorithm::Sha2_256};
        Bytes longer = KernelBuilder().build();
        longer.push_back('x');
        Bytes padded = longer;
        padded.resize(padded.size() + 7, 0);
        const auto digest = [&](const Bytes& image, PePadding padding) {
            return toHex(authenticode(image, kOne, padding).front().view());
        };
        CPPUNIT_ASSERT_EQUAL(digest(padded, PePadding::None), digest(longer, PePadding::ToEight));
        CPPUNIT_ASSERT(digest(longer, PePadding::None) != digest(longer, PePadding::ToEight));
    }

    void refusesDamagedImages()
    {
        const Bytes kernel = KernelBuilder().build();
        struct Row {
            std::size_t offset; ///< of a byte that is changed
            std::uint8_t value;
        };
        // The PE header's place and signature, kind of optional header, headers beyond the file, size of the
        // certificates, place and size of a section.
        for (const auto& [offset, value] :
             {Row{0x3F, 9}, Row{0x40, 0}, Row{kOptional, 0}, Row{kOptional + 62, 9}, Row{kOptional + 151, 9},
              Row{kOptional + 160 + 19, 9}, Row{kOptional + 160 + 23, 9}, Row{kOptional + 160 + 17, 0x9}}) {
            Bytes damaged = kernel;
            damaged[offset] = value;
            expectRefusal("bad_pe", [&] { static_cast<void>(authenticodeParts(damaged)); });
        }
        for (std::size_t size = 0; size < 0x400; size += 0x10)
            expectRefusal("bad_pe",
                          [&] { static_cast<void>(authenticodeParts(ByteView(kernel).first(size))); });
    }

    void writesLoadOptions()
    {
        using enum LoadOptionsForm;
        const auto text = [](const Bytes& wide) {
            std::string out;
            for (std::size_t i = 0; i < wide.size(); i += 2) {
                CPPUNIT_ASSERT_EQUAL(0, int{wide[i + 1]});
                out += static_cast<char>(wide[i]);
            }
            return out;
        };
        using namespace std::literals;
        CPPUNIT_ASSERT_EQUAL("quiet initrd=initrd\0"s, text(loadOptions("quiet", true, InitrdLast)));
        CPPUNIT_ASSERT_EQUAL("initrd=initrd quiet\0"s, text(loadOptions("quiet", true, InitrdFirst)));
        CPPUNIT_ASSERT_EQUAL("quiet\0"s, text(loadOptions("quiet", false, InitrdLast)));
        CPPUNIT_ASSERT(loadOptions("", false, InitrdLast).empty());
    }

    void refusesCommandLinesItCannotPredict()
    {
        using namespace std::literals;
        CPPUNIT_ASSERT(!unpredictableCmdline("console=ttyS0 quiet"));
        for (const std::string_view line : {"vga=ask"sv, "a vga=0x301"sv, "caf\xC3\xA9"sv, "a\0b"sv})
            CPPUNIT_ASSERT(unpredictableCmdline(line));
    }

    static constexpr std::size_t kOptional = 0x40 + 24;
};
CPPUNIT_TEST_SUITE_REGISTRATION(KernelTest);

} // namespace
} // namespace teehost::kit::test
