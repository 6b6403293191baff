// SPDX-License-Identifier: Apache-2.0
#include "peer/zip_entries.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <cppunit/TestAssert.h>
#include <minizip/unzip.h>
#include <minizip/zip.h>

namespace teehost::test {
namespace {

/// minizip wants files.
struct TemporaryFile {
    TemporaryFile()
    {
        const int fd = ::mkstemp(path.data());
        CPPUNIT_ASSERT(fd >= 0);
        ::close(fd);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { ::unlink(path.c_str()); }
    std::string path = std::filesystem::temp_directory_path() / "teehost-zip-XXXXXX";
};

} // namespace

std::map<std::string, std::string> zipEntries(const std::string& zip)
{
    const TemporaryFile file;
    std::ofstream(file.path, std::ios::binary) << zip;
    const unzFile in = unzOpen64(file.path.c_str());
    CPPUNIT_ASSERT(in != nullptr);
    std::map<std::string, std::string> files;
    for (int result = unzGoToFirstFile(in); result == UNZ_OK; result = unzGoToNextFile(in)) {
        char name[512] = "";
        unz_file_info64 about{};
        CPPUNIT_ASSERT_EQUAL(
            UNZ_OK, unzGetCurrentFileInfo64(in, &about, name, sizeof name - 1, nullptr, 0, nullptr, 0));
        std::string content(about.uncompressed_size, '\0');
        CPPUNIT_ASSERT_EQUAL(UNZ_OK, unzOpenCurrentFile(in));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(content.size()),
                             unzReadCurrentFile(in, content.data(), static_cast<unsigned>(content.size())));
        CPPUNIT_ASSERT_EQUAL(UNZ_OK, unzCloseCurrentFile(in));
        CPPUNIT_ASSERT(files.emplace(name, content).second);
    }
    unzClose(in);
    return files;
}

std::string zipOf(const std::map<std::string, std::string>& files)
{
    const TemporaryFile file;
    const zipFile out = zipOpen64(file.path.c_str(), APPEND_STATUS_CREATE);
    CPPUNIT_ASSERT(out != nullptr);
    for (const auto& [name, content] : files) {
        CPPUNIT_ASSERT_EQUAL(ZIP_OK, zipOpenNewFileInZip64(out, name.c_str(), nullptr, nullptr, 0, nullptr, 0,
                                                           nullptr, Z_DEFLATED, Z_DEFAULT_COMPRESSION, 0));
        CPPUNIT_ASSERT_EQUAL(ZIP_OK,
                             zipWriteInFileInZip(out, content.data(), static_cast<unsigned>(content.size())));
        CPPUNIT_ASSERT_EQUAL(ZIP_OK, zipCloseFileInZip(out));
    }
    CPPUNIT_ASSERT_EQUAL(ZIP_OK, zipClose(out, nullptr));
    std::ifstream in(file.path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace teehost::test
