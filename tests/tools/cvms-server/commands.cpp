// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/cvms-server/commands.h"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace teehost::cvms_server {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;

cvms::ServerStreamMessage stateRequest(const std::string& id)
{
    cvms::ServerStreamMessage request;
    request.mutable_agentstatereq()->set_id(id);
    return request;
}

cvms::ServerStreamMessage stopRequest(const std::string& id)
{
    cvms::ServerStreamMessage request;
    request.mutable_stopcomputation()->set_computation_id(id);
    return request;
}

cvms::ServerStreamMessage disconnectRequest(const std::string& id)
{
    cvms::ServerStreamMessage request;
    request.mutable_disconnectreq()->set_id(id);
    return request;
}

std::vector<cvms::ServerStreamMessage> runRequest(const std::string& id, const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    if (!file || !(content << file.rdbuf()))
        throw std::runtime_error("cannot read " + path + ", or it is empty");
    const auto bytes = content.str();
    std::vector<cvms::ServerStreamMessage> pieces;
    for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
        auto& piece = *pieces.emplace_back().mutable_runreqchunks();
        piece.set_id(id);
        piece.set_data(bytes.substr(at, kPieceBytes));
        piece.set_is_last(at + kPieceBytes >= bytes.size());
    }
    return pieces;
}

std::vector<cvms::ServerStreamMessage> requestsFor(const std::vector<std::string>& words)
{
    const auto is = [&](const char* name, std::size_t count) {
        return words[0] == name && words.size() == count;
    };
    if (is("state", 2))
        return {stateRequest(words[1])};
    if (is("stop", 2))
        return {stopRequest(words[1])};
    if (is("run", 3))
        return runRequest(words[1], words[2]);
    if (is("disconnect", 1) || is("disconnect", 2))
        return {disconnectRequest(words.size() == 2 ? words[1] : "")};
    throw std::runtime_error("not a command: " + words[0] + "; --help lists them");
}

} // namespace

void obey(const std::string& line, Service& service, JsonLines& lines)
{
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;)
        words.push_back(word);
    if (words.empty())
        return;
    if (words[0] == "close")
        return service.cut();
    try {
        std::size_t streams = 0;
        for (const auto& request : requestsFor(words))
            streams = service.ask(words.size() > 1 ? words[1] : "", request);
        if (streams == 0)
            throw std::runtime_error("no stream is open");
    } catch (const std::exception& e) {
        lines.print({{"type", "error"}, {"message", e.what()}});
    }
}

} // namespace teehost::cvms_server
