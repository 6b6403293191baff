// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <random>

namespace teehost::test {

/// Chance from a seed. Not with the distributions of the standard library, whose results are its
/// implementation's own: a seed must mean the same everywhere.
class Dice {
public:
    Dice(std::uint64_t seed, std::uint64_t round) : engine_(mixed(seed) ^ mixed(~round)) {}

    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    bool percent(unsigned chance) { return below(100) < chance; }
    std::chrono::milliseconds upTo(std::chrono::milliseconds most)
    {
        return std::chrono::milliseconds(below(static_cast<std::uint64_t>(most.count()) + 1));
    }
    template <class T>
    T oneOf(std::initializer_list<T> choices)
    {
        return choices.begin()[below(choices.size())];
    }

private:
    /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): seeds that are
    /// neighbours must not give alike rounds.
    static std::uint64_t mixed(std::uint64_t x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    std::mt19937_64 engine_;
};

} // namespace teehost::test
