// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "guest/agent/compute/refusal.h"
#include "guest/agent/compute/zip_file.h"
#include "host/base/unique_fd.h"
#include "peer/zip_entries.h"

namespace teehost::guest {
namespace {

namespace fs = std::filesystem;
using test::zipEntries;
using test::zipOf;

constexpr std::uint64_t kPlenty = 64u << 20;

class ZipFileTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ZipFileTest);
    CPPUNIT_TEST(zipsRegularFilesOnly);
    CPPUNIT_TEST(givesTheSameBytesForTheSameFiles);
    CPPUNIT_TEST(boundsTheResult);
    CPPUNIT_TEST(boundsWhatIsPacked);
    CPPUNIT_TEST(stopsPacking);
    CPPUNIT_TEST(unpacksWhatTheCliPacks);
    CPPUNIT_TEST(refusesNamesThatLeadElsewhere);
    CPPUNIT_TEST(refusesLinksAndOtherThings);
    CPPUNIT_TEST(refusesDamage);
    CPPUNIT_TEST(boundsWhatIsUnpacked);
    CPPUNIT_TEST(refusesOtherWaysOfPacking);
    CPPUNIT_TEST(refusesEntriesThatEndEarly);
    CPPUNIT_TEST(refusesEntriesThatShareBytes);
    CPPUNIT_TEST_SUITE_END();

    fs::path directory_;
    UniqueFd opened_;

public:
    void setUp() override
    {
        std::string pattern = fs::temp_directory_path() / "teehost-zip-test-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        directory_ = pattern;
        opened_.reset(::open(pattern.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    void tearDown() override { fs::remove_all(directory_); }

private:
    void write(const std::string& name, const std::string& content) const
    {
        fs::create_directories((directory_ / name).parent_path());
        std::ofstream(directory_ / name, std::ios::binary) << content;
    }

    static UniqueFd memory(const std::string& bytes = {})
    {
        UniqueFd fd(::memfd_create("zip", MFD_CLOEXEC));
        CPPUNIT_ASSERT(::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
        return fd;
    }

    [[nodiscard]] ZipReport zipTo(int file, const ZipLimits& limits = {kPlenty, kPlenty}) const
    {
        return zipDirectory(opened_.get(), file, limits, [] { return false; });
    }

    static std::string contentOf(const UniqueFd& fd)
    {
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL(0, ::fstat(fd.get(), &status));
        std::string out(static_cast<std::size_t>(status.st_size), '\0');
        CPPUNIT_ASSERT_EQUAL(static_cast<ssize_t>(out.size()), ::pread(fd.get(), out.data(), out.size(), 0));
        return out;
    }

    void unpack(const std::string& zip, std::uint64_t limit = kPlenty) const
    {
        unzipInto(memory(zip).get(), opened_.get(), limit);
    }

    void requireRefusal(const std::string& zip, const std::string& words, std::uint64_t limit = kPlenty) const
    {
        try {
            unpack(zip, limit);
            CPPUNIT_FAIL("not refused: " + words);
        } catch (const Refusal& e) {
            CPPUNIT_ASSERT_MESSAGE(e.what(), std::string(e.what()).find(words) != std::string::npos);
        }
    }

    void zipsRegularFilesOnly()
    {
        write("b.txt", "bbb");
        write("deep/er/a.txt", std::string(200'000, 'a'));
        write("empty", "");
        write("evil\\name", "x");
        fs::create_symlink("/etc/passwd", directory_ / "link");
        fs::create_directory_symlink("/", directory_ / "deep/root");
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo((directory_ / "pipe").c_str(), 0600));
        const auto zip = memory();
        const auto report = zipTo(zip.get());
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, report.files);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, report.left_out);
        const auto files = zipEntries(contentOf(zip));
        CPPUNIT_ASSERT(files ==
                       (std::map<std::string, std::string>{
                           {"b.txt", "bbb"}, {"deep/er/a.txt", std::string(200'000, 'a')}, {"empty", ""}}));
    }

    void givesTheSameBytesForTheSameFiles()
    {
        for (const auto* name : {"c", "a", "b"})
            write(name, name);
        const auto first = memory(), second = memory();
        static_cast<void>(zipTo(first.get()));
        fs::last_write_time(directory_ / "a", fs::file_time_type::clock::now() - std::chrono::hours(100));
        static_cast<void>(zipTo(second.get()));
        CPPUNIT_ASSERT(contentOf(first) == contentOf(second));
    }

    void boundsTheResult()
    {
        write("noise", noise(300'000));
        CPPUNIT_ASSERT_THROW(static_cast<void>(zipTo(memory().get(), {200'000, kPlenty})), Refusal);
        fs::path deep = directory_;
        for (int i = 0; i < 20; ++i)
            deep /= "d";
        fs::create_directories(deep);
        CPPUNIT_ASSERT_THROW(static_cast<void>(zipTo(memory().get())), Refusal);
    }

    void boundsWhatIsPacked()
    {
        write("holes", "");
        fs::resize_file(directory_ / "holes", 2u << 20);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, zipTo(memory().get(), {kPlenty, 2u << 20}).files);
        write("one", "1");
        CPPUNIT_ASSERT_THROW(static_cast<void>(zipTo(memory().get(), {kPlenty, 2u << 20})), Refusal);
        for (std::size_t i = 0; i < kMaxZipEntries - 2; ++i)
            fs::create_directories(directory_ / std::to_string(i / 100) / std::to_string(i));
        CPPUNIT_ASSERT_THROW(static_cast<void>(zipTo(memory().get())), Refusal); // with those they lie in
    }

    void stopsPacking()
    {
        write("large", std::string(10u << 20, 'x'));
        int asked = 0;
        CPPUNIT_ASSERT_THROW(static_cast<void>(zipDirectory(opened_.get(), memory().get(), {kPlenty, kPlenty},
                                                            [&] { return ++asked > 3; })),
                             Refusal);
        CPPUNIT_ASSERT_EQUAL(4, asked);
    }

    void unpacksWhatTheCliPacks()
    {
        unpack(zipOf({{"a.csv", "1,2"}, {"more/b.csv", std::string(100'000, 'b')}, {"none/", ""}}));
        CPPUNIT_ASSERT_EQUAL(std::uintmax_t{3}, fs::file_size(directory_ / "a.csv"));
        CPPUNIT_ASSERT_EQUAL(std::uintmax_t{100'000}, fs::file_size(directory_ / "more/b.csv"));
        CPPUNIT_ASSERT(fs::is_directory(directory_ / "none"));
        requireRefusal(zipOf({{"a.csv", "again"}}), "File exists");
    }

    void refusesNamesThatLeadElsewhere()
    {
        for (const auto* name : {"../evil", "/tmp/evil", "a/../../evil", "a\\evil", "", "a//b", "a\nb"})
            requireRefusal(zipOf({{name, "x"}}), "no path");
        CPPUNIT_ASSERT(!fs::exists(directory_.parent_path() / "evil"));
        // A link that was there would be followed by a careless one.
        fs::create_directory_symlink(directory_.parent_path(), directory_ / "away");
        requireRefusal(zipOf({{"away/evil", "x"}}), "cannot be unpacked");
        CPPUNIT_ASSERT(!fs::exists(directory_.parent_path() / "evil"));
    }

    void refusesLinksAndOtherThings()
    {
        std::string zip = zipOf({{"link", "/etc/passwd"}});
        const auto central = zip.find("PK\x01\x02");
        CPPUNIT_ASSERT(central != std::string::npos);
        zip[central + 5] = 3;                        // made by Unix (APPNOTE.TXT, 4.4.2)
        zip[central + 41] = static_cast<char>(0xa1); // S_IFLNK in the external attributes' upper half
        requireRefusal(zip, "neither a file nor a directory");
        zip[central + 41] = 0x21; // a character device
        requireRefusal(zip, "neither a file nor a directory");
        CPPUNIT_ASSERT(fs::is_empty(directory_));
        requireRefusal("no zip", "no zip file");
        requireRefusal("", "no zip file");
    }

    void refusesDamage()
    {
        const std::string good = zipOf({{"a", std::string(1000, 'a') + "b" + std::string(1000, 'c')}});
        std::size_t refused = 0;
        for (std::size_t at = 0; at < good.size(); ++at) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ 0x55);
            try {
                unpack(bad);
            } catch (const Refusal&) {
                ++refused;
            }
            for (const auto& entry : fs::directory_iterator(directory_))
                fs::remove_all(entry.path());
        }
        CPPUNIT_ASSERT(refused > good.size() / 3); // the rest are times, names and the like
    }

    void boundsWhatIsUnpacked()
    {
        requireRefusal(zipOf({{"bomb", std::string(5'000'000, '\0')}}), "unpacks to more", 1'000'000);
        CPPUNIT_ASSERT(fs::file_size(directory_ / "bomb") <= 1'000'000);
    }

    /// Changes a little-endian number of 4 bytes in the list's first entry, and in the entry itself.
    static void setNumber(std::string& zip, std::size_t inList, std::size_t inEntry, std::uint32_t value)
    {
        const auto list = zip.find("PK\x01\x02");
        CPPUNIT_ASSERT(list != std::string::npos);
        for (const auto at : {list + inList, inEntry})
            for (std::size_t i = 0; i < 4; ++i)
                zip[at + i] = static_cast<char>(value >> (8 * i));
    }

    void refusesOtherWaysOfPacking()
    {
        std::string zip = zipOf({{"a", "aaa"}});
        const auto list = zip.find("PK\x01\x02");
        zip[list + 10] = zip[8] = 12; // bzip2 (APPNOTE.TXT, 4.4.5)
        requireRefusal(zip, "another way than deflate");
    }

    void refusesEntriesThatEndEarly()
    {
        std::string zip = zipOf({{"a", std::string(1000, 'a')}});
        setNumber(zip, 24, 22, 2000); // the size unpacked (APPNOTE.TXT, 4.3.7 and 4.3.12)
        requireRefusal(zip, "damaged");
    }

    /// A list of entries that all name the bytes of the first.
    void refusesEntriesThatShareBytes()
    {
        const std::string zip = zipOf({{"a", noise(1000)}, {"b", noise(10)}});
        const auto first = zip.find("PK\x01\x02"), second = zip.find("PK\x01\x02", first + 1),
                   end = zip.find("PK\x05\x06");
        CPPUNIT_ASSERT(end != std::string::npos && second != std::string::npos);
        std::string list, tail = zip.substr(end);
        constexpr char kEntries = 9;
        for (char i = 0; i < kEntries; ++i) {
            list += zip.substr(first, second - first);
            list[list.size() - (second - first) + 46] = static_cast<char>('a' + i); // its name
        }
        tail[8] = tail[10] = kEntries;
        for (std::size_t i = 0; i < 4; ++i)
            tail[12 + i] = static_cast<char>(list.size() >> (8 * i));
        requireRefusal(zip.substr(0, first) + list + tail, "larger together");
    }

    static std::string noise(std::size_t size)
    {
        std::string bytes(size, '\0');
        for (auto& c : bytes)
            c = static_cast<char>(std::rand()); // NOLINT: that it does not shrink is enough
        return bytes;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ZipFileTest);

} // namespace
} // namespace teehost::guest
