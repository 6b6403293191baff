// SPDX-License-Identifier: Apache-2.0
#include "host/api/status.h"

#include "host/base/error.h"
#include "host/base/text.h"
#include "host/base/vm_id.h"

namespace teehost::api {
namespace {

/// gRPC carries the message in a header: one well-formed text of bounded length.
constexpr std::size_t kMaxMessageBytes = 4096;

std::string headerText(const std::string& text)
{
    std::string out;
    for (const auto& line : split(text, '\n'))
        out += (out.empty() ? "" : "\n") + printable(line);
    if (out.size() <= kMaxMessageBytes)
        return out;
    out.resize(kMaxMessageBytes);
    while (!isUtf8(out))
        out.pop_back();
    return out;
}

} // namespace

grpc::Status toStatus(const std::exception_ptr& error, const Log& log)
{
    if (!error)
        return grpc::Status::OK;
    try {
        std::rethrow_exception(error);
    } catch (const Error& known) {
        // The numbers are the same; see Category.
        return {static_cast<grpc::StatusCode>(known.category()), headerText(describe(known))};
    } catch (const std::exception& bug) {
        const auto incident = VmId::random().text().substr(0, 8);
        log.error("a request failed because of a bug", {{"incident", incident}, {"error", bug.what()}});
        return {grpc::StatusCode::INTERNAL,
                "internal error, incident " + incident + "; teehostd's log says more"};
    }
}

} // namespace teehost::api
