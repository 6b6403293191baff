// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.h"

#include "support/child.h"
#include "support/files.h"

namespace teehost::test {
namespace {

const std::vector<std::string> kNewKey{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"};

void openssl(std::vector<std::string> arguments, const std::filesystem::path& directory)
{
    arguments.insert(arguments.begin(), "openssl");
    runOrThrow(arguments, directory);
}

std::vector<std::string> operator+(std::vector<std::string> left, const std::vector<std::string>& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

} // namespace

Authority::Authority(std::filesystem::path directory, std::string name)
    : directory_(std::move(directory)), name_(std::move(name)), certificate_(directory_ / (name_ + ".pem")),
      key_(directory_ / (name_ + ".key"))
{
    openssl(std::vector<std::string>{"req", "-x509", "-days", "1", "-subj", "/CN=" + name_, "-keyout", key_,
                                     "-out", certificate_} +
                kNewKey,
            directory_);
}

Identity Authority::issue(const std::string& name, const std::string& addresses) const
{
    const auto stem = (directory_ / (name_ + "-" + name)).string();
    const Identity identity{stem + ".pem", stem + ".key"};
    openssl(std::vector<std::string>{"req", "-subj", "/CN=" + name, "-addext", "subjectAltName=" + addresses,
                                     "-keyout", identity.key, "-out", stem + ".csr"} +
                kNewKey,
            directory_);
    openssl({"x509", "-req", "-in", stem + ".csr", "-CA", certificate_, "-CAkey", key_, "-CAcreateserial",
             "-days", "1", "-copy_extensions", "copy", "-out", identity.certificate},
            directory_);
    return identity;
}

} // namespace teehost::test
