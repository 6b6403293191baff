// SPDX-License-Identifier: Apache-2.0
//
// The parts of Boost.Asio that are no templates, compiled once for all: with BOOST_ASIO_SEPARATE_COMPILATION,
// which everything that links teehost::base is compiled with, its headers only declare them.
#include <utility> // asio 1.74 uses std::exchange without including it

#include <boost/asio/impl/src.hpp>
