// SPDX-License-Identifier: Apache-2.0
//
// Runs a target without libFuzzer, so that every compiler tests it: over each file of its seed corpus, and
// over mutations of these that are the same in every run.
//
//     NAME_fuzz CORPUS [MUTATIONS]   what CTest runs
//     NAME_fuzz FILE                 one input, to look at a finding
//
// When the target dies, the input that did it is left in crash-NAME in the working directory.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMaxInputBytes = 4096; // libFuzzer's own default

// For the signal handler.
std::string crashPath;
const std::uint8_t* currentData = nullptr;
std::size_t currentSize = 0;

extern "C" void keepInput(int signal)
{
    const int fd = ::open(crashPath.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && ::write(fd, currentData, currentSize) == static_cast<ssize_t>(currentSize)) {
        constexpr char kText[] = "the input was kept as ";
        (void)!::write(STDERR_FILENO, kText, sizeof kText - 1);
        (void)!::write(STDERR_FILENO, crashPath.data(), crashPath.size());
        (void)!::write(STDERR_FILENO, "\n", 1);
    }
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void run(const Bytes& input)
{
    // A copy of exactly its size, for a sanitizer to see a read past the end.
    const Bytes exact(input.begin(), input.end());
    currentData = exact.data();
    currentSize = exact.size();
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes read(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// What std::uniform_int_distribution gives is not the same everywhere; this is.
std::size_t below(std::mt19937_64& random, std::size_t bound) { return bound == 0 ? 0 : random() % bound; }

/// One small change. The bytes put in are mostly those that mean something to some parser here.
void mutate(Bytes& input, const std::vector<Bytes>& seeds, std::mt19937_64& random)
{
    using namespace std::string_view_literals;
    static constexpr auto kTelling = "\0\n\r\t ,=|\\\"'{}[]:.-#%/019\x7f\x80\xc2\xff"sv;
    const auto at = static_cast<std::ptrdiff_t>(below(random, input.size() + 1));
    const auto position = input.begin() + at;
    const auto length =
        static_cast<std::ptrdiff_t>(below(random, input.size() - static_cast<std::size_t>(at) + 1));
    const auto telling = static_cast<std::uint8_t>(kTelling[below(random, kTelling.size())]);
    switch (below(random, 6)) {
    case 0:
        input.insert(position, telling);
        break;
    case 1:
        if (position != input.end())
            *position = telling;
        break;
    case 2:
        if (position != input.end())
            *position = static_cast<std::uint8_t>(*position ^ (1u << below(random, 8)));
        break;
    case 3:
        input.erase(position, position + length);
        break;
    case 4: {
        const Bytes piece(position, position + length);
        input.insert(position, piece.begin(), piece.end());
        break;
    }
    case 5: {
        const Bytes& other = seeds[below(random, seeds.size())];
        const auto from = static_cast<std::ptrdiff_t>(below(random, other.size() + 1));
        input.erase(position, input.end());
        input.insert(input.end(), other.begin() + from, other.end());
        break;
    }
    }
    input.resize(std::min(input.size(), kMaxInputBytes));
}

int replay(const std::filesystem::path& corpus, unsigned long mutations)
{
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(corpus))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end()); // the order of a directory is the file system's
    if (paths.empty()) {
        std::fprintf(stderr, "no seeds in %s\n", corpus.c_str());
        return EXIT_FAILURE;
    }
    std::vector<Bytes> seeds;
    for (const auto& path : paths)
        run(seeds.emplace_back(read(path)));
    run({});

    std::mt19937_64 random(20'260'101);
    for (unsigned long i = 0; i < mutations; ++i) {
        Bytes input = seeds[i % seeds.size()];
        for (std::size_t changes = 1 + below(random, 5); changes > 0; --changes)
            mutate(input, seeds, random);
        run(input);
    }
    std::printf("%zu seeds, %lu mutations\n", seeds.size(), mutations);
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv)
try {
    if (argc < 2 || argc > 3) {
        std::fprintf(stderr, "usage: %s CORPUS [MUTATIONS] | %s FILE\n", argv[0], argv[0]);
        return 2;
    }
    crashPath = "crash-" + std::filesystem::path(argv[0]).filename().string();
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL})
        std::signal(signal, keepInput);
    if (std::filesystem::is_directory(argv[1]))
        return replay(argv[1], argc == 3 ? std::stoul(argv[2]) : 0);
    run(read(argv[1]));
    return EXIT_SUCCESS;
} catch (const std::exception& error) {
    std::fprintf(stderr, "exception that nothing may throw here: %s\n", error.what());
    std::abort(); // through keepInput: the stack is gone, but not the input
}
