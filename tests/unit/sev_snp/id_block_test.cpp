// SPDX-License-Identifier: Apache-2.0
//
// ID blocks: made with an operator's key, given by a VM's owner, or in the IGVM file.
#include <filesystem>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include "host/plugin/request_views.h"
#include "input_error.h"
#include "launch/id_block_sign.h"
#include "predict.h"
#include "snp_factory/images.h"
#include "support.h"
#include "vm_id_block.h"

namespace teehost::sev_snp::test {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> filled(std::uint8_t with)
{
    std::array<std::uint8_t, Size> out;
    out.fill(with);
    return out;
}

IdBlock readBlock(const plugin::Fragment& fragment)
{
    return IdBlock::parse(*kit::fromBase64(propertiesOf(fragment, "sev-snp-guest")["id-block"]));
}
IdAuth readAuth(const plugin::Fragment& fragment)
{
    return IdAuth::parse(*kit::fromBase64(propertiesOf(fragment, "sev-snp-guest")["id-auth"]));
}

} // namespace

class IdBlockTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IdBlockTest);
    CPPUNIT_TEST(signsWhatVerifies);
    CPPUNIT_TEST(noticesEveryChangeOfABlock);
    CPPUNIT_TEST(makesOneForTheVm);
    CPPUNIT_TEST(makesTheSameOneAgain);
    CPPUNIT_TEST(enablesTheAuthorKey);
    CPPUNIT_TEST(takesAGivenOneInBothForms);
    CPPUNIT_TEST(refusesAGivenOneOfAnotherVm);
    CPPUNIT_TEST(refusesAGivenOneThatIsNotSigned);
    CPPUNIT_TEST(refusesKeysThatOthersCanRead);
    CPPUNIT_TEST(refusesKeysOfAnotherKind);
    CPPUNIT_TEST(leavesTheBlockOfAnIgvmFileAlone);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        host_ = milanHost(scratch_);
        vm_ = plainVm();
        vm_.firmwareCode = scratch_.write("OVMF.fd", OvmfBuilder().build());
        idKey_ = scratch_.write("id.pem", newKeyPem(), 0600);
        authorKey_ = scratch_.write("author.pem", newKeyPem(), 0600);
    }

private:
    plugin::Fragment run(const Options& options) const { return compose(configured(options), host_, vm_); }
    LaunchPrediction predict(const Options& options) const
    {
        const th_vm_spec view = plugin::vmView(vm_);
        return predictLaunch(configured(options), host_, sdk::Vm(view));
    }
    /// A block for this VM with its authentication, and the options that name their files.
    Options give(const IdBlock& block, const IdAuth& auth, bool as_text = false) const
    {
        const auto form = [&](kit::ByteView bytes) {
            return as_text ? kit::toBase64(bytes) + "\n" : std::string(kit::textOf(bytes));
        };
        return {{"id_block", scratch_.write("block", form(block.encode()))},
                {"id_auth", scratch_.write("auth", form(auth.encode()))}};
    }
    IdBlock blockOfVm() const
    {
        IdBlock block;
        block.digest = predict({}).launch.digest;
        block.policy = kDefaultPolicy;
        return block;
    }

    void signsWhatVerifies()
    {
        const PrivateKey id = PrivateKey::fromPem(newKeyPem()), author = PrivateKey::fromPem(newKeyPem());
        for (int i = 0; i < 20; ++i) { // numbers with leading zeros among them, sooner or later
            IdBlock block;
            block.guestSvn = static_cast<std::uint32_t>(i);
            const IdAuth alone = IdAuth::parse(signId(block, id, nullptr).encode());
            verifyId(block, alone);
            CPPUNIT_ASSERT(alone.authorKey.isNone());
            const IdAuth both = IdAuth::parse(signId(block, id, &author).encode());
            verifyId(block, both);
            CPPUNIT_ASSERT(both.authorKey.digest() == author.publicKey().digest());
        }
    }

    void noticesEveryChangeOfABlock()
    {
        const IdBlock block = blockOfVm();
        const IdAuth auth = signId(block, PrivateKey::fromPem(newKeyPem()), nullptr);
        constexpr std::size_t kVersionAt = 80, kVersionEnd = 84; // refused for itself
        for (std::size_t i = 0; i < kIdBlockSize; ++i) {
            auto bytes = block.encode();
            bytes[i] ^= 1;
            if (i < kVersionAt || i >= kVersionEnd)
                CPPUNIT_ASSERT_THROW_MESSAGE(std::to_string(i), verifyId(IdBlock::parse(bytes), auth),
                                             InputError);
        }
    }

    void makesOneForTheVm()
    {
        const Options options{{"id_key", idKey_},
                              {"family_id", std::string(32, '1')},
                              {"image_id", std::string(32, '2')},
                              {"guest_svn", "7"},
                              {"policy", "0xb0000"}};
        const auto fragment = run(options);
        const IdBlock block = readBlock(fragment);
        const IdAuth auth = readAuth(fragment);
        verifyId(block, auth);
        CPPUNIT_ASSERT(block.digest == predict(options).launch.digest);
        CPPUNIT_ASSERT(block.familyId == filled<16>(0x11) && block.imageId == filled<16>(0x22));
        CPPUNIT_ASSERT(block.guestSvn == 7 && block.policy == 0xb0000 && auth.authorKey.isNone());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0),
                             propertiesOf(fragment, "sev-snp-guest").count("author-key-enabled"));
        CPPUNIT_ASSERT_EQUAL(kit::toHex(auth.idKey.digest()), notesOf(fragment)["sev-snp.id_key_digest"]);
    }

    void makesTheSameOneAgain()
    {
        const Options options{{"id_key", idKey_}, {"author_key", authorKey_}};
        const Configuration configuration = configured(options);
        const auto prediction = predict(options);
        IdSignatures signatures;
        const auto first = idBlockFor(configuration, prediction, signatures);
        const auto second = idBlockFor(configuration, prediction, signatures);
        CPPUNIT_ASSERT(first->auth.encode() == second->auth.encode());
        LaunchPrediction other = prediction; // what is signed is another, and so is the signature
        other.launch.digest[0] ^= 1;
        const auto third = idBlockFor(configuration, other, signatures);
        verifyId(third->block, third->auth);
        CPPUNIT_ASSERT(first->auth.encode() != third->auth.encode());
    }

    void enablesTheAuthorKey()
    {
        const auto fragment = run({{"id_key", idKey_}, {"author_key", authorKey_}});
        verifyId(readBlock(fragment), readAuth(fragment));
        CPPUNIT_ASSERT_EQUAL(std::string("on"),
                             propertiesOf(fragment, "sev-snp-guest")["author-key-enabled"]);
        CPPUNIT_ASSERT_EQUAL(kit::toHex(PrivateKey::read(authorKey_).publicKey().digest()),
                             notesOf(fragment)["sev-snp.author_key_digest"]);
    }

    void takesAGivenOneInBothForms()
    {
        const IdBlock block = blockOfVm();
        const PrivateKey author = PrivateKey::read(authorKey_);
        const IdAuth auth = signId(block, PrivateKey::read(idKey_), &author);
        for (const bool asText : {false, true}) {
            const auto fragment = run(give(block, auth, asText));
            CPPUNIT_ASSERT(readBlock(fragment).encode() == block.encode());
            CPPUNIT_ASSERT(readAuth(fragment).encode() == auth.encode());
            CPPUNIT_ASSERT_EQUAL(std::string("on"),
                                 propertiesOf(fragment, "sev-snp-guest")["author-key-enabled"]);
        }
    }

    void refusesAGivenOneOfAnotherVm()
    {
        const PrivateKey key = PrivateKey::read(idKey_);
        IdBlock block = blockOfVm();
        block.digest[47] ^= 1;
        expectRefusal("the ID block is for the launch digest", "sev-snp.id_block",
                      [&] { run(give(block, signId(block, key, nullptr))); });
        block = blockOfVm();
        block.policy = 0xb0000;
        expectRefusal("the ID block is for the guest policy 0xb0000, this VM has 0x30000", "sev-snp.id_block",
                      [&] { run(give(block, signId(block, key, nullptr))); });
    }

    void refusesAGivenOneThatIsNotSigned()
    {
        const IdBlock block = blockOfVm();
        const PrivateKey key = PrivateKey::read(idKey_);
        IdAuth auth = signId(block, key, nullptr);
        auth.blockSignature.r[0] ^= 1;
        expectRefusal("not signed by the ID key", "sev-snp.id_auth", [&] { run(give(block, auth)); });
        auth = signId(block, key, &key);
        auth.keySignature = auth.blockSignature;
        expectRefusal("not signed by the author key", "sev-snp.id_auth", [&] { run(give(block, auth)); });
        Options options = give(block, signId(block, key, nullptr));
        scratch_.write("block", "too short");
        expectRefusal("ID block", "sev-snp.id_block", [&] { run(options); });
        scratch_.write("block", std::string(20000, 'A'));
        expectRefusal("longer than", "sev-snp.id_block", [&] { run(options); });
        options["id_block"] = "/no/such/block";
        expectRefusal("cannot open ID block", "sev-snp.id_block", [&] { run(options); });
    }

    void refusesKeysThatOthersCanRead()
    {
        for (const unsigned mode : {0640u, 0604u, 0620u, 0601u}) {
            std::filesystem::permissions(idKey_, static_cast<std::filesystem::perms>(mode));
            expectRefusal("may be used by group or others", "sev-snp.id_key", [&] {
                run({{"id_key", idKey_}});
            });
        }
        std::filesystem::permissions(idKey_, static_cast<std::filesystem::perms>(0600));
        std::filesystem::permissions(authorKey_, static_cast<std::filesystem::perms>(0644));
        expectRefusal("may be used by group or others", "sev-snp.author_key", [&] {
            run({{"id_key", idKey_}, {"author_key", authorKey_}});
        });
        expectRefusal("not a regular file", "sev-snp.id_key", [&] { run({{"id_key", "/dev/null"}}); });
        if (::geteuid() == 0) { // only root can give a file away
            CPPUNIT_ASSERT_EQUAL(0, ::chown(idKey_.c_str(), 12345, 12345));
            expectRefusal("belongs to another user", "sev-snp.id_key", [&] { run({{"id_key", idKey_}}); });
        }
    }

    void refusesKeysOfAnotherKind()
    {
        const auto expectRefused = [&](const std::string& words, const std::string& pem) {
            const std::string path = scratch_.write("bad.pem", pem, 0600);
            expectRefusal(words, "sev-snp.id_key", [&] { run({{"id_key", path}}); });
        };
        expectRefused("must be EC keys on P-384", newKeyPem("P-256"));
        expectRefused("must be EC keys on P-384", newKeyPem("P-521"));
        expectRefused("not a private key in PEM", "");
        expectRefused("not a private key in PEM",
                      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        expectRefused("longer than a PEM key can be", std::string(16 * 1024 + 1, 'x'));
        expectRefusal("cannot open key", "sev-snp.id_key", [&] { run({{"id_key", "/no/such/key"}}); });
    }

    void leavesTheBlockOfAnIgvmFileAlone()
    {
        IgvmBuilder igvm;
        const Options plain{{"igvm_file", scratch_.write("svsm.igvm", igvm.build())}};
        IgvmId id;
        id.block = blockOfVm();
        id.block.digest = predict(plain).launch.digest;
        id.auth = signId(id.block, PrivateKey::read(idKey_), nullptr);
        igvm.id = id;
        const Options withBlock{{"igvm_file", scratch_.write("signed.igvm", igvm.build())}};
        CPPUNIT_ASSERT(predict(withBlock).igvmId.has_value());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), propertiesOf(run(withBlock), "sev-snp-guest").count("id-block"));
        Options both = withBlock;
        both["id_key"] = idKey_;
        expectRefusal("has an ID block, and another one is configured", "sev-snp.id_key", [&] { run(both); });
        // A block for another digest: the SEV firmware would end the launch.
        igvm.fill ^= 1;
        const Options stale{{"igvm_file", scratch_.write("stale.igvm", igvm.build())}};
        expectRefusal("is for the launch digest", "sev-snp.igvm_file", [&] { run(stale); });
        // One that the file does not have can be made.
        Options made = plain;
        made["id_key"] = idKey_;
        verifyId(readBlock(run(made)), readAuth(run(made)));
    }

    Scratch scratch_;
    HostFacts host_;
    plugin::VmFacts vm_;
    std::string idKey_, authorKey_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(IdBlockTest);

} // namespace teehost::sev_snp::test
