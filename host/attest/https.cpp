// SPDX-License-Identifier: Apache-2.0
#include "host/attest/https.h"

#include <array>
#include <memory>
#include <string_view>

#include <curl/curl.h>

#include "host/base/error.h"
#include "host/base/free_with.h"
#include "host/base/text.h"

namespace teehost::attest {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::size_t kMaxHeaders = 64;
constexpr std::size_t kMaxHeaderBytes = 8192;
constexpr int kPollMs = 100;

using Url = std::unique_ptr<CURLU, FreeWith<curl_url_cleanup>>;
using Easy = std::unique_ptr<CURL, FreeWith<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, FreeWith<curl_multi_cleanup>>;
using List = std::unique_ptr<curl_slist, FreeWith<curl_slist_free_all>>;

/// Once a process, before the first handle; libcurl 7.84 and later take a lock themselves.
void initialize()
{
    static const CURLcode result = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK)
        throw Error(Category::Internal, std::string("libcurl cannot start: ") + ::curl_easy_strerror(result));
}

std::string partOf(CURLU* url, CURLUPart part, unsigned flags = 0)
{
    char* text = nullptr;
    if (::curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr)
        return {};
    std::string out(text);
    ::curl_free(text);
    return out;
}

/// What arrives, bounded.
struct Arrival {
    HttpsResponse response;
    std::uint64_t maxBytes = 0;
    bool tooLarge = false;

    static std::size_t body(char* data, std::size_t, std::size_t count, void* self) noexcept
    {
        auto& arrival = *static_cast<Arrival*>(self);
        try {
            auto& have = arrival.response.body;
            arrival.tooLarge = count > arrival.maxBytes - have.size();
            if (arrival.tooLarge)
                return 0;
            have.insert(have.end(), data, data + count);
            return count;
        } catch (...) { // out of memory: libcurl ends the transfer
            return 0;
        }
    }
    static std::size_t header(char* data, std::size_t, std::size_t count, void* self) noexcept
    {
        auto& arrival = *static_cast<Arrival*>(self);
        try {
            arrival.addHeader(trim(std::string_view(data, count)));
            return arrival.tooLarge ? 0 : count;
        } catch (...) {
            return 0;
        }
    }

private:
    void addHeader(std::string_view line)
    {
        auto& headers = response.headers;
        if (line.starts_with(
                "HTTP/")) // of an interim response, or a proxy's: what came before does not count
            headers.clear();
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0 || !isUtf8(line) ||
            line.find('\0') != std::string_view::npos)
            return;
        tooLarge = headers.size() >= kMaxHeaders || line.size() > kMaxHeaderBytes;
        if (tooLarge)
            return;
        headers.emplace_back(lowerCase(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
};

template <class Value>
void set(CURL* easy, CURLoption option, Value value)
{
    const CURLcode result = ::curl_easy_setopt(easy, option, value);
    if (result != CURLE_OK)
        throw Error(Category::Internal,
                    std::string("libcurl refuses an option: ") + ::curl_easy_strerror(result));
}

List headerList(const Headers& headers)
{
    List list;
    for (const auto& [name, value] : headers) {
        auto* longer = ::curl_slist_append(list.get(), (name + ": " + value).c_str());
        if (longer == nullptr)
            throw std::bad_alloc();
        static_cast<void>(list.release()); // the list it was is part of the longer one
        list.reset(longer);
    }
    return list;
}

void configure(CURL* easy, const HttpsRequest& request, Arrival& arrival, char* words, curl_slist* headers)
{
    set(easy, CURLOPT_URL, request.url.text.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "https");
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!request.caFile.empty()) {
        set(easy, CURLOPT_CAINFO, request.caFile.c_str());
        set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr)); // that CA and no other
    }
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.limit.count()));
    set(easy, CURLOPT_USERAGENT, "teehost");
    set(easy, CURLOPT_HTTPHEADER, headers);
    set(easy, CURLOPT_ERRORBUFFER, words);
    set(easy, CURLOPT_WRITEFUNCTION, &Arrival::body);
    set(easy, CURLOPT_WRITEDATA, &arrival);
    set(easy, CURLOPT_HEADERFUNCTION, &Arrival::header);
    set(easy, CURLOPT_HEADERDATA, &arrival);
}

/// Runs the transfer; a cancelled one is let go at once.
CURLcode perform(CURL* easy, const HttpsRequest& request)
{
    const Multi multi(::curl_multi_init());
    if (!multi || ::curl_multi_add_handle(multi.get(), easy) != CURLM_OK)
        throw Error(Category::ResourceExhausted, "libcurl cannot begin a transfer");
    struct Removal {
        CURLM* multi;
        CURL* easy;
        ~Removal() { ::curl_multi_remove_handle(multi, easy); }
    } const removal{multi.get(), easy};
    int running = 1;
    while (running > 0) {
        if (request.cancelled && request.cancelled())
            throw Error(Category::Cancelled, "nobody waits for \"" + request.url.text + "\" any more");
        if (::curl_multi_perform(multi.get(), &running) != CURLM_OK ||
            (running > 0 && ::curl_multi_poll(multi.get(), nullptr, 0, kPollMs, nullptr) != CURLM_OK))
            throw Error(Category::Internal, "libcurl cannot go on with a transfer");
    }
    int left = 0;
    const CURLMsg* message = ::curl_multi_info_read(multi.get(), &left);
    return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
}

[[noreturn]] void fail(CURLcode code, const HttpsRequest& request, bool tooLarge, const char* words)
{
    const std::string& url = request.url.text;
    const std::string why = printable(*words != '\0' ? words : ::curl_easy_strerror(code));
    if (tooLarge)
        throw Error(Category::ResourceExhausted,
                    "\"" + url + "\" has more than " + formatSize(request.maxBytes) + ", or too long a head");
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        throw Error(Category::DeadlineExceeded, request.url.host + " did not answer in time: " + why);
    case CURLE_PEER_FAILED_VERIFICATION:
        throw Error(Category::FailedPrecondition,
                    "the certificate of " + request.url.host + " is not to be trusted: " + why,
                    "attest.fetch_ca names the CA, if it is not one of the system's");
    case CURLE_SSL_CACERT_BADFILE:
        throw Error(Category::FailedPrecondition, "the CA certificates cannot be read: " + why,
                    "check attest.fetch_ca");
    default:
        throw Error(Category::Unavailable, "cannot reach " + request.url.host + ": " + why);
    }
}

} // namespace

HttpsUrl parseHttpsUrl(const std::string& text)
{
    initialize();
    const auto refuse = [&](const char* why) {
        throw InvalidArgument("the URL \"" + printable(text.substr(0, 200)) + "\" " + why);
    };
    if (text.size() > kMaxUrlBytes || printable(text) != text || text.find(' ') != std::string::npos)
        refuse("is too long, or has characters that no URL has");
    const Url url(::curl_url());
    if (!url || ::curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        refuse("cannot be read");
    if (partOf(url.get(), CURLUPART_SCHEME) != "https")
        refuse("is not one of https");
    if (!partOf(url.get(), CURLUPART_USER).empty() || !partOf(url.get(), CURLUPART_PASSWORD).empty())
        refuse("has credentials in it");
    HttpsUrl out{text, lowerCase(partOf(url.get(), CURLUPART_HOST)), 0};
    out.port = static_cast<unsigned>(parseUnsigned(partOf(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)));
    return out;
}

HttpsResponse httpsGet(const HttpsRequest& request)
{
    initialize();
    const Easy easy(::curl_easy_init());
    if (!easy)
        throw Error(Category::ResourceExhausted, "libcurl cannot begin a transfer");
    Arrival arrival;
    arrival.maxBytes = request.maxBytes;
    std::array<char, CURL_ERROR_SIZE> words{};
    const List headers = headerList(request.headers);
    configure(easy.get(), request, arrival, words.data(), headers.get());
    const CURLcode code = perform(easy.get(), request);
    if (code != CURLE_OK)
        fail(code, request, arrival.tooLarge, words.data());
    long status = 0;
    const char* location = nullptr;
    ::curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    ::curl_easy_getinfo(easy.get(), CURLINFO_REDIRECT_URL, &location);
    arrival.response.status = static_cast<unsigned>(status);
    arrival.response.location = location == nullptr ? "" : location;
    return std::move(arrival.response);
}

} // namespace teehost::attest
