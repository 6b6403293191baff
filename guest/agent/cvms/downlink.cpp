// SPDX-License-Identifier: Apache-2.0
#include "guest/agent/cvms/downlink.h"

#include <cerrno>
#include <string>
#include <system_error>

#include <sys/socket.h>

#include "guest/agent/system_call.h"

namespace teehost::guest {

Downlink::Downlink()
{
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "cannot make a socket pair");
    sender_.reset(ends[0]);
    receiver_.reset(ends[1]);
}

bool Downlink::send(const cvms::ServerStreamMessage& request) const
{
    const std::string record = request.SerializeAsString();
    return !record.empty() && record.size() <= kMaxRecordBytes &&
           ::send(sender_.get(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

std::optional<cvms::ServerStreamMessage> Downlink::receive() const
{
    std::string record(kMaxRecordBytes, '\0');
    ssize_t size = 0;
    do
        size = ::recv(receiver_.get(), record.data(), record.size(), 0);
    while (size < 0 && errno == EINTR);
    check(size, "cannot take a request of the computation-management service");
    if (size == 0) // an empty message is never sent
        throw std::system_error(EPIPE, std::generic_category(),
                                "the client of the computation-management service sends no more requests");
    cvms::ServerStreamMessage request;
    if (!request.ParseFromArray(record.data(), static_cast<int>(size)))
        return std::nullopt;
    return request;
}

} // namespace teehost::guest
