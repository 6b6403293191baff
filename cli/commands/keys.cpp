// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"

#include <memory>

#include "cli/keys/key_pair.h"
#include "cli/output/json.h"
#include "cli/output/table.h"

namespace teehost::cli {
namespace {

constexpr const char* kExamples = R"(  teehost keys
  teehost keys --directory ~/.teehost
  openssl pkey -in private.pem -noout -text)";

struct Options {
    std::filesystem::path directory = ".";
    bool force = false;
};

void makeKeys(const Options& options, Session& session)
{
    const KeyPaths paths = keyPathsIn(options.directory);
    if (!options.force)
        expectNoKeys(paths); // before the second that generating takes; writing checks again
    const KeyPair keys = generateKeyPair();
    writeKeyPair(keys, paths, options.force ? Existing::Replace : Existing::Refuse);
    if (session.json())
        return printJson(session.out(), {{"private_key", paths.privateKey.string()},
                                         {"public_key", paths.publicKey.string()},
                                         {"bits", kRsaBits},
                                         {"fingerprint_sha256", keys.fingerprint}});
    FieldList fields;
    fields.add("private key", paths.privateKey.string());
    fields.add("public key", paths.publicKey.string());
    fields.add("fingerprint", "sha256:" + keys.fingerprint);
    session.out() << fields.render();
}

} // namespace

void addKeys(CLI::App& app, Session& session)
{
    const Command command = newCommand(app, "keys", kExamples);
    const auto options = std::make_shared<Options>();
    command.option("--directory", options->directory, "Where to write them (default: the current directory)")
        .value("DIR");
    command.flag("--force", options->force, "Replace files that exist");
    command.onRun([options, &session] { makeKeys(*options, session); });
}

} // namespace teehost::cli
