// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <memory>
#include <sstream>

#include <sys/stat.h>

#include <cppunit/extensions/HelperMacros.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "cli/failure.h"
#include "cli/keys/key_pair.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace teehost::cli {
namespace {

namespace fs = std::filesystem;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string contentOf(const fs::path& path)
{
    std::ostringstream content;
    content << std::ifstream(path).rdbuf();
    return content.str();
}

mode_t modeOf(const fs::path& path)
{
    struct stat status {};
    CPPUNIT_ASSERT_EQUAL_MESSAGE(path.string(), 0, ::stat(path.c_str(), &status));
    return status.st_mode & 07777;
}

std::size_t filesIn(const fs::path& directory)
{
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

class UmaskGuard {
public:
    explicit UmaskGuard(mode_t mask) : previous_(::umask(mask)) {}
    ~UmaskGuard() { ::umask(previous_); }

private:
    mode_t previous_;
};

class KeyPairTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KeyPairTest);
    CPPUNIT_TEST(writesMatchingKeysInTheDeclaredForms);
    CPPUNIT_TEST(setsModesWhateverTheUmask);
    CPPUNIT_TEST(refusesToOverwrite);
    CPPUNIT_TEST(leavesNoHalfPair);
    CPPUNIT_TEST(followsNoLink);
    CPPUNIT_TEST(replacesWhenTold);
    CPPUNIT_TEST(tellsWhyADirectoryIsOfNoUse);
    CPPUNIT_TEST(worksAsACommandWithoutADaemon);
    CPPUNIT_TEST_SUITE_END();

    test::TemporaryDirectory directory_;
    KeyPaths paths_ = keyPathsIn(directory_.path());

    // Short keys, to be fast; the length is tested through the command.
    static KeyPair shortKeys() { return generateKeyPair(1024); }

    void writesMatchingKeysInTheDeclaredForms()
    {
        writeKeyPair(shortKeys(), paths_, Existing::Refuse);
        const std::string privatePem = contentOf(paths_.privateKey);
        const std::string publicPem = contentOf(paths_.publicKey);
        CPPUNIT_ASSERT(privatePem.starts_with("-----BEGIN PRIVATE KEY-----\n")); // PKCS#8
        CPPUNIT_ASSERT(publicPem.starts_with("-----BEGIN PUBLIC KEY-----\n"));   // SubjectPublicKeyInfo
        const Bio privateBio(BIO_new_mem_buf(privatePem.data(), -1), BIO_free_all);
        const Bio publicBio(BIO_new_mem_buf(publicPem.data(), -1), BIO_free_all);
        const Key privateKey(PEM_read_bio_PrivateKey(privateBio.get(), nullptr, nullptr, nullptr),
                             EVP_PKEY_free);
        const Key publicKey(PEM_read_bio_PUBKEY(publicBio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
        CPPUNIT_ASSERT(privateKey && publicKey);
        CPPUNIT_ASSERT_EQUAL(1, EVP_PKEY_eq(privateKey.get(), publicKey.get()));
    }

    void setsModesWhateverTheUmask()
    {
        for (const mode_t mask : {0000u, 0077u, 0777u}) {
            const UmaskGuard guard(mask);
            writeKeyPair(shortKeys(), paths_, Existing::Replace);
            CPPUNIT_ASSERT_EQUAL(mode_t{0600}, modeOf(paths_.privateKey));
            CPPUNIT_ASSERT_EQUAL(mode_t{0644}, modeOf(paths_.publicKey));
        }
    }

    void refusesToOverwrite()
    {
        std::ofstream(paths_.privateKey) << "mine";
        CPPUNIT_ASSERT_THROW(expectNoKeys(paths_), Failure);
        CPPUNIT_ASSERT_THROW(writeKeyPair(shortKeys(), paths_, Existing::Refuse), Failure);
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), contentOf(paths_.privateKey));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, filesIn(directory_.path()));
    }

    void leavesNoHalfPair()
    {
        std::ofstream(paths_.publicKey) << "mine";
        CPPUNIT_ASSERT_THROW(writeKeyPair(shortKeys(), paths_, Existing::Refuse), Failure);
        CPPUNIT_ASSERT(!fs::exists(paths_.privateKey));
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), contentOf(paths_.publicKey));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, filesIn(directory_.path()));
    }

    void followsNoLink()
    {
        const fs::path elsewhere = directory_.path() / "elsewhere";
        fs::create_symlink(elsewhere, paths_.privateKey); // dangling
        CPPUNIT_ASSERT_THROW(expectNoKeys(paths_), Failure);
        CPPUNIT_ASSERT_THROW(writeKeyPair(shortKeys(), paths_, Existing::Refuse), Failure);
        CPPUNIT_ASSERT(!fs::exists(elsewhere));
        writeKeyPair(shortKeys(), paths_, Existing::Replace);
        CPPUNIT_ASSERT(!fs::exists(elsewhere));
        CPPUNIT_ASSERT(!fs::is_symlink(paths_.privateKey));
    }

    void replacesWhenTold()
    {
        std::ofstream(paths_.privateKey) << "old";
        fs::permissions(paths_.privateKey, fs::perms::all);
        const KeyPair keys = shortKeys();
        writeKeyPair(keys, paths_, Existing::Replace);
        CPPUNIT_ASSERT_EQUAL(keys.privatePem, contentOf(paths_.privateKey));
        CPPUNIT_ASSERT_EQUAL(mode_t{0600}, modeOf(paths_.privateKey));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, filesIn(directory_.path()));
    }

    void tellsWhyADirectoryIsOfNoUse()
    {
        const auto missing = directory_.path() / "missing";
        const auto result = test::run({"keys", "--directory", missing});
        CPPUNIT_ASSERT_EQUAL(1, result.exitCode);
        CPPUNIT_ASSERT_EQUAL("teehost: cannot use directory \"" + missing.string() +
                                 "\": No such file or directory\n",
                             result.err);
    }

    void worksAsACommandWithoutADaemon()
    {
        const std::vector<std::string> command{"keys", "--directory", directory_.path(), "--url",
                                               "localhost:1"};
        const auto made = test::run(command);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(made.err, 0, made.exitCode);
        CPPUNIT_ASSERT(made.out.find("fingerprint  sha256:") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(mode_t{0600}, modeOf(paths_.privateKey));
        const std::string pem = contentOf(paths_.publicKey);
        const Bio bio(BIO_new_mem_buf(pem.data(), -1), BIO_free_all);
        const Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
        CPPUNIT_ASSERT_EQUAL(4096, EVP_PKEY_get_bits(key.get()));

        const auto again = test::run(command);
        CPPUNIT_ASSERT_EQUAL(1, again.exitCode);
        CPPUNIT_ASSERT_EQUAL(
            "teehost: \"" + paths_.privateKey.string() +
                "\" exists already\n  hint: choose another --directory, or replace it with --force\n",
            again.err);
        CPPUNIT_ASSERT_EQUAL(pem, contentOf(paths_.publicKey));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(KeyPairTest);

} // namespace
} // namespace teehost::cli
