// SPDX-License-Identifier: Apache-2.0
#include "cvms/cvms_server.h"

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <sys/stat.h>

#include "support/failure_notes.h"
#include "support/files.h"

namespace teehost::test {

CvmsServer::CvmsServer(const std::filesystem::path& directory, std::vector<std::string> options)
    : input_(directory / "cvms.in"), output_(directory / "cvms.out"), errors_(directory / "cvms.err"),
      options_(std::move(options))
{
    if (::mkfifo(input_.c_str(), 0600) != 0)
        throw std::runtime_error("cannot make " + input_.string());
    noteOnFailure(output_);
    start();
}

CvmsServer::~CvmsServer() { forgetNote(output_); }

void CvmsServer::start()
{
    const auto before = lines().size();
    Command command{.argv = {TEEHOST_TEST_CVMS_SERVER, "--listen", "127.0.0.1:" + std::to_string(port_)},
                    .output = output_,
                    .errors = errors_,
                    .input = input_};
    command.argv.insert(command.argv.end(), options_.begin(), options_.end());
    child_ = std::make_unique<Child>(command);
    port_ = waitFor("the server listens", ofType("listening"), before).at("port").get<std::uint16_t>();
}

void CvmsServer::kill()
{
    child_->signal(SIGKILL);
    child_->wait();
}

void CvmsServer::command(const std::string& text) const { std::ofstream(input_) << text << std::endl; }

std::vector<CvmsServer::Line> CvmsServer::lines() const
{
    std::vector<Line> found;
    std::istringstream in(readFile(output_));
    for (std::string text;
         std::getline(in, text) && !in.eof();) // a line without its end is still being written
        found.push_back(Line::parse(text));
    return found;
}

CvmsServer::Line CvmsServer::waitFor(const std::string& what, const Wanted& wanted, std::size_t skip) const
{
    std::optional<Line> found;
    waitUntil(what, [&] {
        const auto all = lines();
        for (std::size_t i = skip; i < all.size() && !found; ++i)
            if (wanted(all[i]))
                found = all[i];
        return found.has_value();
    });
    return *found;
}

CvmsServer::Wanted ofType(const std::string& type, const std::string& field, const std::string& text)
{
    return [=](const CvmsServer::Line& line) {
        return line.at("type") == type &&
               (field.empty() || line.value(field, std::string()).find(text) != std::string::npos);
    };
}

} // namespace teehost::test
