// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "cvms.pb.h"

#include "guest/agent/compute/computation.h"
#include "guest/agent/compute/refusal.h"
#include "peer/peer_key.h"
#include "peer/zip_entries.h"

namespace teehost::guest {
namespace {

namespace fs = std::filesystem;
using test::PeerKey;
using test::sha3Of;
using Kind = Refusal::Kind;

/// Counts instead of computing; waits, when it is told to, until it is stopped.
class FakeRunner final : public Runner {
public:
    explicit FakeRunner(const Workplace& workplace) : workplace_(workplace) {}

    std::string run(const Task& task) override
    {
        last = task;
        if (waits) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stopped_; });
            stopped_ = false;
            return "killed";
        }
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : fs::directory_iterator(workplace_.datasets()))
            ++count;
        std::ofstream(workplace_.results() / "count") << count;
        return failure;
    }
    std::string unpack(int, const std::function<bool()>& givenUp) override
    {
        ++unpacked;
        for (const auto& name : unpacks)
            std::ofstream(workplace_.unpacked() / name) << "unpacked";
        while (waits && !givenUp())
            ::usleep(1000);
        return waits ? "given up" : failure;
    }
    void stop() override
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }

    std::atomic<bool> waits = false;
    std::string failure;
    std::atomic<int> unpacked = 0;
    std::vector<std::string> unpacks; ///< the names in the zip file
    Task last;

private:
    const Workplace& workplace_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
};

class ComputationTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ComputationTest);
    CPPUNIT_TEST(runsWhatAnybodyBrings);
    CPPUNIT_TEST(runsWhatTheManifestNames);
    CPPUNIT_TEST(takesNothingBeforeItsManifest);
    CPPUNIT_TEST(takesNothingThatTheManifestDoesNotName);
    CPPUNIT_TEST(takesADatasetOfAnyNameByItsHash);
    CPPUNIT_TEST(tellsWhyItFailed);
    CPPUNIT_TEST(stopsWhatRuns);
    CPPUNIT_TEST(staysShutWhenItCannotTidy);
    CPPUNIT_TEST(failsUploadsOfAComputationThatEnded);
    CPPUNIT_TEST(givesTheMemoryOfAResultBack);
    CPPUNIT_TEST(unpacksAllOrNothing);
    CPPUNIT_TEST(givesNoNameOfAnotherDataset);
    CPPUNIT_TEST(unpacksWithoutKeepingOthersWaiting);
    CPPUNIT_TEST(boundsUploads);
    CPPUNIT_TEST_SUITE_END();

    const PeerKey algorithm_{PeerKey::Kind::P256}, data_{PeerKey::Kind::Ed25519},
        consumer_{PeerKey::Kind::P256};
    fs::path directory_;
    std::unique_ptr<Workplace> workplace_;
    std::unique_ptr<FakeRunner> runner_;
    std::unique_ptr<Computation> computation_;
    std::uint64_t taken_ = 0;        ///< the computation whose result was read last
    std::atomic<bool> left_ = false; ///< the client that brings data has gone
    const Console console_;

public:
    void setUp() override
    {
        std::string pattern = fs::temp_directory_path() / "teehost-computation-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        directory_ = pattern;
        workplace_ = std::make_unique<Workplace>(directory_, Workplace::Storage::Directory, ::geteuid());
        runner_ = std::make_unique<FakeRunner>(*workplace_);
    }
    void tearDown() override
    {
        computation_.reset();
        fs::remove_all(directory_);
    }

private:
    void make(Computation::Origin origin)
    {
        computation_ = std::make_unique<Computation>(origin, *workplace_, *runner_, console_);
    }

    Upload uploadOf(const std::string& bytes) const
    {
        auto upload = workplace_->upload("the thing", 1u << 20);
        upload.append(bytes);
        return upload;
    }

    void algo(const std::string& bytes, const std::string& signature)
    {
        computation_->admitAlgorithm(signature);
        computation_->takeAlgorithm(signature, uploadOf(bytes), uploadOf("numpy"), {});
    }
    void algo(const std::string& bytes) { algo(bytes, algorithm_.sign(kAlgorithmProvider)); }

    void data(const std::string& name, const std::string& bytes, const std::string& signature,
              Computation::Unpack unpack = Computation::Unpack::No)
    {
        computation_->admitDataset(signature);
        computation_->takeDataset(signature, uploadOf(bytes), name, unpack, [&] { return left_.load(); });
    }
    void data(const std::string& name, const std::string& bytes)
    {
        data(name, bytes, data_.sign(kDataProvider));
    }

    std::string result(const std::string& signature)
    {
        const auto given = computation_->result(signature, [] { return false; });
        taken_ = given.computation;
        const auto& fd = given.zip;
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL(0, ::fstat(fd.get(), &status));
        std::string zip(static_cast<std::size_t>(status.st_size), '\0');
        CPPUNIT_ASSERT_EQUAL(status.st_size, ::pread(fd.get(), zip.data(), zip.size(), 0));
        return test::zipEntries(zip).at("count");
    }

    /// With a manifest nobody waits.
    std::string resultWhenItIsThere()
    {
        for (int i = 0; i < 1000; ++i) {
            try {
                return result(consumer_.sign(kConsumer));
            } catch (const Refusal& e) {
                CPPUNIT_ASSERT_MESSAGE(e.what(),
                                       std::string(e.what()).find("no result yet") != std::string::npos);
                ::usleep(10'000);
            }
        }
        CPPUNIT_FAIL("no result");
        return {};
    }

    template <class Body>
    static void requireRefusal(Kind kind, const std::string& words, Body&& body)
    {
        try {
            body();
        } catch (const Refusal& e) {
            CPPUNIT_ASSERT_MESSAGE(e.what(), std::string(e.what()).find(words) != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(e.what(), e.kind() == kind);
            return;
        }
        CPPUNIT_FAIL("not refused: " + words);
    }

    Manifest manifest(const std::string& id, const std::vector<std::pair<std::string, std::string>>& datasets)
    {
        cvms::ComputationRunReq request;
        request.set_id(id);
        request.mutable_algorithm()->set_hash(sha3Of("program"));
        request.mutable_algorithm()->set_userkey(algorithm_.publicKey());
        for (const auto& [name, bytes] : datasets) {
            auto& dataset = *request.add_datasets();
            dataset.set_filename(name);
            dataset.set_hash(sha3Of(bytes));
            dataset.set_userkey(data_.publicKey());
        }
        request.add_result_consumers()->set_userkey(consumer_.publicKey());
        return parseManifest(request.SerializeAsString());
    }

    void runsWhatAnybodyBrings()
    {
        make(Computation::Origin::Anybody);
        requireRefusal(Kind::State, "no result yet", [&] { result(""); });
        requireRefusal(Kind::State, "ReceivingAlgorithm", [&] { data("a", "1", ""); });
        requireRefusal(Kind::Input, "empty", [&] { algo("", ""); });
        algo("program", "");
        requireRefusal(Kind::State, "ReceivingData", [&] { algo("program", ""); });
        CPPUNIT_ASSERT(fs::is_regular_file(workplace_->program()));
        CPPUNIT_ASSERT(fs::is_regular_file(workplace_->requirements()));
        data("a", "1", "");
        data("b", "2", "");
        for (const auto* name : {"", "..", "../work", "c/d"})
            requireRefusal(Kind::Input, "file name", [&] { data(name, "3", ""); });
        requireRefusal(Kind::State, "File exists", [&] { data("b", "3", ""); });
        data("", "zip", "", Computation::Unpack::Yes); // the names are inside
        CPPUNIT_ASSERT_EQUAL(1, runner_->unpacked.load());
        CPPUNIT_ASSERT_EQUAL(std::string("2"), result(""));
        computation_->resultTaken(taken_);
        CPPUNIT_ASSERT_EQUAL(std::string("2"), result(""));
        CPPUNIT_ASSERT(!fs::exists(workplace_->program())); // nothing is kept but the result
        requireRefusal(Kind::Input, "empty", [&] { algo("", ""); });
        CPPUNIT_ASSERT_EQUAL(std::string("2"), result("")); // until another algorithm has arrived
        algo("another", "");
        requireRefusal(Kind::State, "no result yet", [&] {
            computation_->resultTaken(taken_); // late, and of the computation before
            static_cast<void>(computation_->result("", [] { return true; }));
        });
        requireRefusal(Kind::State, "stop", [&] { computation_->begin(manifest("c-1", {})); });
        CPPUNIT_ASSERT_EQUAL(std::string("0"), result(""));
    }

    void runsWhatTheManifestNames()
    {
        make(Computation::Origin::Manifest);
        computation_->begin(manifest("c-1", {{"a", "1"}, {"b", "2"}}));
        computation_->begin(manifest("c-1", {{"a", "1"}, {"b", "2"}})); // asked again
        requireRefusal(Kind::State, "same identifier", [&] { computation_->begin(manifest("c-1", {})); });
        requireRefusal(Kind::State, "another computation", [&] { computation_->begin(manifest("c-2", {})); });
        algo("program");
        data("b", "2");
        requireRefusal(Kind::Input, "or it is there", [&] { data("b", "2"); });
        data("a", "1");
        CPPUNIT_ASSERT_EQUAL(std::string("2"), resultWhenItIsThere());
        requireRefusal(Kind::State, "ReceivingAlgorithm", [&] { algo("program"); });
        computation_->stop("c-1");
        computation_->begin(manifest("c-2", {})); // without data it runs at once
        algo("program");
        CPPUNIT_ASSERT_EQUAL(std::string("0"), resultWhenItIsThere());
    }

    void takesNothingBeforeItsManifest()
    {
        make(Computation::Origin::Manifest);
        requireRefusal(Kind::State, "ReceivingManifest", [&] { algo("program"); });
        requireRefusal(Kind::State, "ReceivingManifest", [&] { data("a", "1"); });
        requireRefusal(Kind::State, "ReceivingManifest", [&] { result(consumer_.sign(kConsumer)); });
        requireRefusal(Kind::State, "nothing to stop", [&] { computation_->stop("c-1"); });
    }

    void takesNothingThatTheManifestDoesNotName()
    {
        make(Computation::Origin::Manifest);
        computation_->begin(manifest("c-1", {{"a", "1"}}));
        for (const auto& signature :
             {std::string(), data_.sign(kAlgorithmProvider), algorithm_.sign(kConsumer)})
            requireRefusal(Kind::Authentication, kAlgorithmProvider, [&] { algo("program", signature); });
        requireRefusal(Kind::Input, "SHA3-256", [&] { algo("another"); });
        algo("program");
        requireRefusal(Kind::Authentication, kDataProvider,
                       [&] { data("a", "1", algorithm_.sign(kDataProvider)); });
        requireRefusal(Kind::Input, "file name", [&] { data("b", "1"); });
        requireRefusal(Kind::Input, "SHA3-256", [&] { data("a", "2"); });
        requireRefusal(Kind::Authentication, kConsumer, [&] { result(data_.sign(kConsumer)); });
        requireRefusal(Kind::State, "no result yet", [&] { result(consumer_.sign(kConsumer)); });
    }

    void takesADatasetOfAnyNameByItsHash()
    {
        make(Computation::Origin::Manifest);
        computation_->begin(manifest("c-1", {{"", "1"}, {"", "2"}}));
        algo("program");
        data("x", "2");
        requireRefusal(Kind::Input, "SHA3-256", [&] { data("y", "2"); });
        data("y", "1");
        CPPUNIT_ASSERT_EQUAL(std::string("2"), resultWhenItIsThere());
    }

    void tellsWhyItFailed()
    {
        make(Computation::Origin::Anybody);
        runner_->failure = "exit status 3";
        algo("program", "");
        requireRefusal(Kind::Input, "exit status 3", [&] { data("z", "zip", "", Computation::Unpack::Yes); });
        requireRefusal(Kind::State, "exit status 3", [&] { result(""); });
        runner_->failure.clear();
        algo("program", "");
        CPPUNIT_ASSERT_EQUAL(std::string("0"), result(""));
    }

    void stopsWhatRuns()
    {
        make(Computation::Origin::Manifest);
        computation_->begin(manifest("c-1", {}));
        runner_->waits = true;
        algo("program");
        requireRefusal(Kind::State, "nothing to stop", [&] { computation_->stop("c-2"); });
        computation_->stop("c-1");
        requireRefusal(Kind::State, "ReceivingManifest", [&] { algo("program"); });
        computation_->begin(manifest("c-1", {})); // of the same name, and another one
        algo("program");
        computation_.reset(); // does not wait for its end
    }

    /// An agent that cannot remove the files of a computation must not hand them to anybody.
    void staysShutWhenItCannotTidy()
    {
        make(Computation::Origin::Manifest);
        computation_->begin(manifest("c-1", {}));
        algo("program");
        CPPUNIT_ASSERT_EQUAL(std::string("0"), resultWhenItIsThere());
        fs::remove_all(directory_);
        CPPUNIT_ASSERT_THROW(computation_->stop("c-1"), std::system_error);
        const auto requireShut = [&] {
            for (const auto& signature : {std::string(), consumer_.sign(kConsumer)})
                requireRefusal(Kind::State, "ReceivingManifest", [&] { result(signature); });
            requireRefusal(Kind::State, "ReceivingManifest", [&] { computation_->admitAlgorithm(""); });
            requireRefusal(Kind::State, "ReceivingManifest", [&] { computation_->admitDataset(""); });
        };
        requireShut();
        CPPUNIT_ASSERT_THROW(computation_->begin(manifest("c-2", {})), std::system_error);
        requireShut();
        fs::create_directory(directory_);
        computation_->begin(manifest("c-2", {}));
        algo("program");
        CPPUNIT_ASSERT_EQUAL(std::string("0"), resultWhenItIsThere());
    }

    /// An open file would keep the memory of the workplace that it was in.
    void failsUploadsOfAComputationThatEnded()
    {
        make(Computation::Origin::Manifest);
        computation_->begin(manifest("c-1", {}));
        auto open = uploadOf("pro");
        auto whole = uploadOf("program");
        computation_->stop("c-1");
        CPPUNIT_ASSERT_EQUAL(-1, open.file());
        requireRefusal(Kind::State, "ended meanwhile", [&] { open.append("gram"); });
        computation_->begin(manifest("c-1", {}));
        requireRefusal(Kind::State, "ended meanwhile", [&] {
            computation_->takeAlgorithm(algorithm_.sign(kAlgorithmProvider), std::move(whole), uploadOf(""),
                                        {});
        });
        algo("program");
    }

    void givesTheMemoryOfAResultBack()
    {
        make(Computation::Origin::Anybody);
        algo("program", "");
        CPPUNIT_ASSERT_EQUAL(std::string("0"), result(""));
        const auto held = computation_->result("", [] { return false; });
        algo("another", "");
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL(0, ::fstat(held.zip.get(), &status));
        CPPUNIT_ASSERT_EQUAL(off_t{0}, status.st_size);
    }

    void unpacksAllOrNothing()
    {
        make(Computation::Origin::Anybody);
        algo("program", "");
        const auto unpack = [&](const std::vector<std::string>& names) {
            runner_->unpacks = names;
            data("z", "zip", "", Computation::Unpack::Yes);
        };
        runner_->failure = "exit status 3";
        requireRefusal(Kind::Input, "exit status 3", [&] { unpack({"a", "b"}); });
        runner_->failure.clear();
        unpack({"a", "b"});
        requireRefusal(Kind::Input, "dataset b already", [&] { unpack({"c", "b"}); });
        CPPUNIT_ASSERT(!fs::exists(workplace_->unpacked()));
        unpack({"c"});
        CPPUNIT_ASSERT_EQUAL(std::string("3"), result(""));
    }

    void givesNoNameOfAnotherDataset()
    {
        make(Computation::Origin::Manifest);
        computation_->begin(manifest("c-1", {{"a", "1"}, {"", "2"}}));
        algo("program");
        requireRefusal(Kind::Input, "another dataset", [&] { data("a", "2"); });
        runner_->unpacks = {"a"};
        requireRefusal(Kind::Input, "another dataset",
                       [&] { data("z", "2", data_.sign(kDataProvider), Computation::Unpack::Yes); });
        data("b", "2");
        data("a", "1");
        CPPUNIT_ASSERT_EQUAL(std::string("2"), resultWhenItIsThere());
    }

    void unpacksWithoutKeepingOthersWaiting()
    {
        make(Computation::Origin::Manifest);
        const auto unpackInBackground = [&](const std::string& words) {
            const int before = runner_->unpacked;
            computation_->begin(manifest("c-1", {{"", "1"}, {"", "2"}}));
            algo("program");
            runner_->waits = true;
            auto end = std::async(std::launch::async, [this, words] {
                requireRefusal(words == "stopped" ? Kind::State : Kind::Input, words,
                               [&] { data("z", "1", data_.sign(kDataProvider), Computation::Unpack::Yes); });
            });
            while (runner_->unpacked == before)
                ::usleep(1000);
            return end;
        };
        auto end = unpackInBackground("stopped");
        requireRefusal(Kind::State, "no result yet", [&] { result(consumer_.sign(kConsumer)); });
        computation_->stop("c-1");
        end.get();
        end = unpackInBackground("given up");
        left_ = true;
        end.get();
        computation_->stop("c-1");
    }

    void boundsUploads()
    {
        auto upload = workplace_->upload("the algorithm", 10);
        upload.append("12345");
        requireRefusal(Kind::Room, "the algorithm may have at most", [&] { upload.append("678901"); });
        upload.append("67890");
        CPPUNIT_ASSERT_EQUAL(sha3Of("1234567890"), upload.hash());
        CPPUNIT_ASSERT_EQUAL(sha3Of("1234567890"), upload.hash());
        {
            const auto forgotten = uploadOf("x");
        }
        upload.moveTo(directory_ / "there", fs::perms::owner_read);
        CPPUNIT_ASSERT(fs::is_empty(directory_ / "incoming"));
        CPPUNIT_ASSERT_EQUAL(std::uintmax_t{10}, fs::file_size(directory_ / "there"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ComputationTest);

} // namespace
} // namespace teehost::guest
