// SPDX-License-Identifier: Apache-2.0
//
// How much longer does one thing take than another? Both run in turn, so that a machine that changes its
// speed changes both.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace teehost::bench {

inline double median(std::vector<double> values)
{
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

/// Seconds that one call takes.
template <class Body>
double secondsOf(Body&& body)
{
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Prints "WHAT: ratio R (limit L), medians A and B", of `pairs` pairs.
template <class Ours, class Baseline>
void printRatio(const char* what, double limit, int pairs, Ours&& ours, Baseline&& baseline)
{
    std::vector<double> a, b, ratios;
    for (int i = 0; i < pairs; ++i) {
        a.push_back(secondsOf(ours));
        b.push_back(secondsOf(baseline));
        ratios.push_back(a.back() / b.back());
    }
    std::printf("%s: ratio %.2f (limit %.1f), medians %.1f and %.1f us\n", what, median(ratios), limit,
                1e6 * median(a), 1e6 * median(b));
}

} // namespace teehost::bench
