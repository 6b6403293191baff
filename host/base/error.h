// SPDX-License-Identifier: Apache-2.0
//
// The daemon's one exception type. It is thrown where a fact is known and translated in two places only: at
// the plugin border (host/plugin) and at gRPC (host/api).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace teehost {

/// What kind of failure an Error is. Values equal the gRPC status codes and those of `th_status` (plugin.h,
/// section 1).
enum class Category : int {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
};

/// The gRPC spelling, "INVALID_ARGUMENT".
[[nodiscard]] std::string_view categoryName(Category category) noexcept;

/// A failure somebody outside can understand: a sentence with the subject and the value, and what to do about
/// it.
class Error : public std::runtime_error {
public:
    Error(Category category, const std::string& message, std::string hint = {}, std::string field = {})
        : std::runtime_error(message), category_(category), hint_(std::move(hint)), field_(std::move(field))
    {
    }

    [[nodiscard]] Category category() const noexcept { return category_; }
    [[nodiscard]] std::string_view message() const noexcept { return what(); }
    /// What the reader can do; may be empty.
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
    /// The request field or setting to blame; may be empty.
    [[nodiscard]] const std::string& field() const noexcept { return field_; }

private:
    Category category_;
    std::string hint_;
    std::string field_;
};

/// `field` of a request is not acceptable; the message is prefixed with its name.
class InvalidArgument : public Error {
public:
    explicit InvalidArgument(const std::string& message, std::string field = {}, std::string hint = {})
        : Error(Category::InvalidArgument, field.empty() ? message : field + ": " + message, std::move(hint),
                field)
    {
    }
};

/// An Error whose message ends in the text of `errnoValue`: `cannot open kernel "/x": Permission denied (os
/// error 13)`.
[[nodiscard]] Error systemError(Category category, const std::string& what, int errnoValue,
                                std::string hint = {});

/// One line for people: the message, then the hint when there is one.
[[nodiscard]] std::string describe(const std::exception& error);

} // namespace teehost
