// SPDX-License-Identifier: Apache-2.0
#include "support/http.h"

#include <memory>
#include <sstream>
#include <stdexcept>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include "support/wait.h"

namespace teehost::test {
namespace {

namespace net = Poco::Net;

std::unique_ptr<net::HTTPClientSession> sessionFor(const Poco::URI& uri, const std::filesystem::path& ca)
{
    if (uri.getScheme() != "https")
        return std::make_unique<net::HTTPClientSession>(uri.getHost(), uri.getPort());
    const net::Context::Ptr context(new net::Context(net::Context::TLS_CLIENT_USE, "", "", ca.string(),
                                                     net::Context::VERIFY_STRICT, /*verificationDepth=*/9));
    return std::make_unique<net::HTTPSClientSession>(uri.getHost(), uri.getPort(), context);
}

} // namespace

HttpAnswer httpRequest(const std::string& method, const std::string& url, const std::filesystem::path& ca)
{
    const Poco::URI uri(url);
    const auto session = sessionFor(uri, ca);
    session->setTimeout(Poco::Timespan(kPatience.count(), 0));
    net::HTTPRequest request(method, uri.getPathAndQuery(), net::HTTPMessage::HTTP_1_1);
    try {
        session->sendRequest(request);
        net::HTTPResponse response;
        std::ostringstream body;
        Poco::StreamCopier::copyStream(session->receiveResponse(response), body);
        return {response.getStatus(), body.str()};
    } catch (const Poco::Exception& error) {
        throw std::runtime_error("no answer from " + url + ": " + error.displayText());
    }
}

HttpAnswer httpGet(const std::string& url, const std::filesystem::path& ca)
{
    return httpRequest("GET", url, ca);
}

} // namespace teehost::test
