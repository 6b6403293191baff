// SPDX-License-Identifier: Apache-2.0
#include "host/base/error.h"

#include <system_error>

namespace teehost {

std::string_view categoryName(Category category) noexcept
{
    switch (category) {
    case Category::Cancelled:
        return "CANCELLED";
    case Category::Unknown:
        return "UNKNOWN";
    case Category::InvalidArgument:
        return "INVALID_ARGUMENT";
    case Category::DeadlineExceeded:
        return "DEADLINE_EXCEEDED";
    case Category::NotFound:
        return "NOT_FOUND";
    case Category::AlreadyExists:
        return "ALREADY_EXISTS";
    case Category::PermissionDenied:
        return "PERMISSION_DENIED";
    case Category::ResourceExhausted:
        return "RESOURCE_EXHAUSTED";
    case Category::FailedPrecondition:
        return "FAILED_PRECONDITION";
    case Category::Aborted:
        return "ABORTED";
    case Category::OutOfRange:
        return "OUT_OF_RANGE";
    case Category::Unimplemented:
        return "UNIMPLEMENTED";
    case Category::Internal:
        return "INTERNAL";
    case Category::Unavailable:
        return "UNAVAILABLE";
    case Category::DataLoss:
        return "DATA_LOSS";
    case Category::Unauthenticated:
        return "UNAUTHENTICATED";
    }
    return "UNKNOWN";
}

Error systemError(Category category, const std::string& what, int errnoValue, std::string hint)
{
    return Error(category,
                 what + ": " + std::generic_category().message(errnoValue) + " (os error " +
                     std::to_string(errnoValue) + ")",
                 std::move(hint));
}

std::string describe(const std::exception& error)
{
    std::string text = error.what();
    if (const auto* ours = dynamic_cast<const Error*>(&error); ours != nullptr && !ours->hint().empty())
        text += "; " + ours->hint();
    return text;
}

} // namespace teehost
