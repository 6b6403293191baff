// SPDX-License-Identifier: Apache-2.0
#include "host/base/openssl_start.h"

#include <array>
#include <cstdint>
#include <string>

#include <cppunit/extensions/HelperMacros.h>
#include <openssl/conf.h>

namespace teehost {
namespace {

/// Tells whether OpenSSL itself finds an entry in the section that openssl_conf names. A text that it cannot
/// read sets up nothing (CONF_modules_load_file(3), CONF_MFLAGS_IGNORE_RETURN_CODES, as at its start).
bool opensslFindsSetup(const std::string& text)
{
    BIO* bio = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    CONF* conf = NCONF_new(nullptr);
    long line = 0;
    bool finds = false;
    if (NCONF_load_bio(conf, bio, &line) == 1) {
        const char* section = NCONF_get_string(conf, nullptr, "openssl_conf");
        const auto* entries = section == nullptr ? nullptr : NCONF_get_section(conf, section);
        finds = entries != nullptr && sk_CONF_VALUE_num(entries) > 0;
    }
    NCONF_free(conf);
    BIO_free(bio);
    return finds;
}

constexpr std::string_view kDistributions = R"(# the beginning of the file that OpenSSL installs
HOME			= .

 # Use this in order to automatically load providers.
openssl_conf = openssl_init
config_diagnostics = 1
oid_section = new_oids

[ new_oids ]
tsa_policy1 = 1.2.3.4.1

# .include fipsmodule.cnf

[openssl_init]
# providers = provider_sect

# [provider_sect]
# default = default_sect

[ req ]
string_mask = utf8only
countryName_default		= AU
dir = $ENV::HOME/demoCA   # of values nothing is asked
)";

class OpensslStartTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OpensslStartTest);
    CPPUNIT_TEST(knowsConfigurationsThatSetUpNothing);
    CPPUNIT_TEST(leavesEveryOtherToOpenssl);
    CPPUNIT_TEST(neverOverlooksWhatOpensslFinds);
    CPPUNIT_TEST_SUITE_END();

    void knowsConfigurationsThatSetUpNothing()
    {
        for (const std::string_view text :
             {std::string_view(""), kDistributions, std::string_view("[openssl_init]\nproviders = p\n"),
              std::string_view("openssl_conf = a # comment\r\n[b]\nx = 1\r\n"),
              std::string_view("[default]\nopenssl_conf=a\n[a]\n")})
            CPPUNIT_ASSERT_MESSAGE(std::string(text), setsUpNothing(text));
    }

    void leavesEveryOtherToOpenssl()
    {
        const std::string whole(kDistributions);
        for (const std::string& text :
             {whole + "[openssl_init]\nproviders = provider_sect\n", whole + ".include fipsmodule.cnf\n",
              whole + "[x]\nopenssl_init::providers = provider_sect\n",
              whole + "[default]\nopenssl_conf = req\n", whole + "x = \\\n[openssl_init]\nproviders = p\n",
              "\xef\xbb\xbf" + whole, whole + "\v\n", std::string("openssl_conf = $where\n"),
              std::string("openssl_conf = \"a\"\n"), std::string("openssl_conf = default\n"),
              std::string("openssl_conf = a\n[ a \nx = 1\n"),
              std::string("openssl_conf = a\n[a]\nalg_section = evp\n"), std::string("[]\n"),
              std::string("no entry\n"), whole + std::string("\0x", 2)})
            CPPUNIT_ASSERT_MESSAGE(text, !setsUpNothing(text));
    }

    /// Over configurations made of pieces that mean something to OpenSSL's reader.
    void neverOverlooksWhatOpensslFinds()
    {
        constexpr std::array<std::string_view, 26> kPieces{"openssl_conf",
                                                           "=",
                                                           "a",
                                                           "[",
                                                           "]",
                                                           "[a]",
                                                           "[ a ]",
                                                           "\n",
                                                           "\r\n",
                                                           "#",
                                                           "\\",
                                                           "\\\n",
                                                           "\"",
                                                           "'",
                                                           "$b",
                                                           "::",
                                                           ".",
                                                           " ",
                                                           "x",
                                                           "x=1\n",
                                                           "a::x=1\n",
                                                           "[default]",
                                                           "\n[a]\n",
                                                           "openssl_conf=a\n",
                                                           ".pragma = abspath:true\n",
                                                           "b"};
        std::uint64_t state = 12;
        int nothing = 0;
        for (int round = 0; round < 200000; ++round) {
            std::string text = round % 2 == 0 ? "openssl_conf = a\n" : "";
            for (int i = 0; i < 1 + round % 9; ++i) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                text += kPieces[(state >> 33) % kPieces.size()];
            }
            if (!setsUpNothing(text))
                continue;
            ++nothing;
            CPPUNIT_ASSERT_MESSAGE(text, !opensslFindsSetup(text));
        }
        CPPUNIT_ASSERT(nothing > 1000); // or nothing was compared
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OpensslStartTest);

} // namespace
} // namespace teehost
