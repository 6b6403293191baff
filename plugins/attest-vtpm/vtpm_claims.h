// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include <teehost/plugin.hpp>

#include "evidence/pieces.h"
#include "evidence/verify.h"

namespace teehost::vtpm {

using ClaimTaker = std::function<void(std::string_view, const sdk::Value&)>;

/// What the verification leaves standing. Never that a TEE is behind it: of that a vTPM cannot speak.
void claimVerified(const Verified& verified, const Evidence& evidence, const ClaimTaker& claim);

/// What a single piece says of itself; InputError when it cannot be read.
void claimPiece(const Piece& piece, const ClaimTaker& claim);

} // namespace teehost::vtpm
