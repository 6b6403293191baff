// SPDX-License-Identifier: Apache-2.0
//
// The kit's reader of event logs, for those of a TPM.
#pragma once

#include <teehost/kit/event_log.h>
#include <teehost/kit/event_log_replay.h>

#include "tpm_algorithm.h"

namespace teehost::vtpm {

namespace event_type = kit::event_type;

using kit::Event;
using kit::EventLog;
using kit::ExpectedEvent;
using kit::nameOfType;
using kit::Replay;

} // namespace teehost::vtpm
