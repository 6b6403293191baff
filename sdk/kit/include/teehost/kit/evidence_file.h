// SPDX-License-Identifier: Apache-2.0
//
// A file that a person hands over as evidence or collateral, brought into the bytes that a plugin judges:
// text is decoded (text_form.h), documents of clouds and tools are unpacked, and what cannot be evidence is
// named for what it is, with what to hand over instead. It says nothing about the truth of what it finds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "teehost/kit/bytes.h"

namespace teehost::kit {

/// One piece of what a file holds.
struct FilePart {
    enum class Role {
        Evidence,   ///< for a plugin to tell by its bytes
        EventLog,   ///< of the boot that the evidence beside it is of
        Endorsement ///< certificates that came along: collateral
    };
    Role role = Role::Evidence;
    Bytes data;
    std::string where{}; ///< the member of a JSON document, "tdx.quote"; empty for the file as a whole
    std::string how{};   ///< "hexadecimal text"; empty when the bytes are the file's own
};

/// The parts of a file given as evidence. A file that is neither text nor a document is one part, as it is;
/// so is JSON in which nothing of this is found, such as a table of PCRs. Throws InputError `not_evidence`
/// with a sentence and what to do for a file that is known to be something else, and for a document with
/// several reports or quotes.
[[nodiscard]] std::vector<FilePart> partsOfEvidence(ByteView file);

/// The parts of a file given as an event log: of a document that has one among other things only that, as of
/// an answer with a quote and its log. Throws as partsOfEvidence does.
[[nodiscard]] std::vector<FilePart> partsOfEventLog(ByteView file);

/// A file given as a certificate, a CRL or other collateral: text decoded, certificates taken out of JSON; a
/// document that is signed as it is (Intel's TCB info) stays as it is.
[[nodiscard]] std::vector<FilePart> partsOfCollateral(ByteView file);

/// Something that people hand over in place of evidence.
struct ForeignFile {
    std::string what;    ///< "an ACPI table (CCEL)"
    std::string instead; ///< what to hand over
};
/// Returns nullopt for a file that may be evidence.
[[nodiscard]] std::optional<ForeignFile> foreignFile(ByteView file);

} // namespace teehost::kit
