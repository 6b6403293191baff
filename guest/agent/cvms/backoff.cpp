// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/backoff.h"

#include <algorithm>
#include <random>
#include <utility>

namespace teehost::guest {

using std::chrono::milliseconds;

Backoff::Backoff(std::function<double()> chance) : chance_(std::move(chance)) {}

milliseconds Backoff::next(milliseconds lasted)
{
    if (lasted >= kGoodConnection)
        wait_ = kFirst;
    const auto half = static_cast<double>(wait_.count()) / 2;
    wait_ = std::min(2 * wait_, kLongest);
    return milliseconds(static_cast<milliseconds::rep>(half + half * chance_()));
}

std::function<double()> randomNumbers()
{
    return [generator = std::mt19937(std::random_device()())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(generator);
    };
}

} // namespace teehost::guest
