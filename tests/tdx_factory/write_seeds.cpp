// SPDX-License-Identifier: Apache-2.0
//
// tdx-seeds DIRECTORY: writes seeds for the fuzz targets of TDX, one folder a target: what is well, and what
// is wrong in one way each.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>

#include "tdx_factory/collateral.h"
#include "tdx_factory/quotes.h"

namespace {

using namespace teehost;
using namespace teehost::tdx_factory;

class Folder {
public:
    explicit Folder(std::filesystem::path path) : path_(std::move(path))
    {
        std::filesystem::create_directories(path_);
    }
    void write(const std::string& name, kit::ByteView bytes) const
    {
        std::ofstream out(path_ / name, std::ios::binary | std::ios::trunc);
        out << kit::textOf(bytes);
        if (!out.flush())
            throw std::runtime_error("cannot write " + name);
    }
    void write(const std::string& name, const std::string& text) const { write(name, kit::viewOf(text)); }

private:
    std::filesystem::path path_;
};

/// tdx_quote: the form, then changes of three bytes each, or a quote; see the target.
void writeQuotes(const Folder& folder)
{
    const Hierarchy hierarchy;
    const std::string chain = chainText(hierarchy, makeCertificate(hierarchy.pckTerms()));
    // Short chains, so that a mutator spends its changes elsewhere.
    const std::string brief = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (const auto& [name, version, type] : {std::tuple("v4", 4, 2), std::tuple("v5-td10", 5, 2),
                                              std::tuple("v5-td15", 5, 3), std::tuple("v5-extended", 5, 4)}) {
        QuoteTerms terms;
        terms.version = static_cast<std::uint16_t>(version);
        terms.bodyType = static_cast<std::uint16_t>(type);
        terms.chain = brief;
        folder.write(name, makeQuote(terms, hierarchy, chain));
        terms.trailing = Bytes(16);
        folder.write(std::string(name) + "-trailing", makeQuote(terms, hierarchy, chain));
    }
    folder.write("no-change", Bytes{0});
    folder.write("mrtd", Bytes{0, 0, 0xb8, 1});
    folder.write("signature", Bytes{0, 2, 0x7c, 1});
    folder.write("changed-and-back", Bytes{0, 0, 0xb8, 1, 0, 0xb8, 1});
    folder.write("chain", Bytes{0, 5, 0x20, 1});
    folder.write("rtmr-v5", Bytes{2, 1, 0x90, 0x80});
}

void writeExtensions(const Folder& folder)
{
    const auto pairs = pckPairs({});
    folder.write("whole", derOf(pairs));
    Platform high;
    high.components.fill(0xff);
    high.pceSvn = 0xffff;
    folder.write("high", pckExtension(high));
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        auto fewer = pairs;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        folder.write("without-" + std::to_string(i + 1), derOf(fewer));
    }
    auto twice = pairs;
    twice.push_back(pairs[3]);
    folder.write("twice", derOf(twice));
    folder.write("empty", der(0x30, Bytes()));
}

/// The documents are long; the targets' inputs begin with what they change (see there).
void writeDocument(const Folder& folder, const Json& document, const char* first, const char* list)
{
    folder.write("good", document.dump());
    Json without = document;
    without.erase(first);
    folder.write("without-" + std::string(first), without.dump());
    Json other = document;
    other["id"] = "SGX";
    folder.write("of-another", other.dump());
    other = document;
    other[list] = Json::array();
    folder.write("no-levels", other.dump());
    std::string twice = document.dump();
    twice.insert(1, R"("id":"TDX",)");
    folder.write("twice", twice);
    folder.write("signed", R"({"tcbInfo":{"id":"TDX","a":"}\""},"signature":"00"})");
    folder.write("nested", R"({"enclaveIdentity":{"a":[[[[{"b":[]}]]]]},"signature":null})");
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: tdx-seeds DIRECTORY\n", stderr);
        return 2;
    }
    try {
        const std::filesystem::path directory = argv[1];
        writeQuotes(Folder(directory / "tdx_quote"));
        writeExtensions(Folder(directory / "tdx_pck_extension"));
        Json info = tcbInfo();
        info["tcbLevels"].erase(2); // below what a mutator's input is cut to
        info["tcbLevels"].erase(1);
        writeDocument(Folder(directory / "tdx_tcb_info"), info, "fmspc", "tcbLevels");
        writeDocument(Folder(directory / "tdx_qe_identity"), qeIdentity(), "mrsigner", "tcbLevels");
        return 0;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "tdx-seeds: %s\n", e.what());
        return 1;
    }
}
