// SPDX-License-Identifier: Apache-2.0
//
// A settings file of any of the four forms, read and layered: refused with one line, or settings. Input: a
// letter for the form, then the file.
#include <fstream>

#include "host/settings/settings.h"
#include "tests/fuzz/input.h"
#include "tests/unit/launch/settings_fixture.h"

namespace {

using namespace teehost;

/// The extension decides the form, so a memory file will not do.
struct Form {
    char letter;
    const char* file;
};
constexpr Form kForms[] = {
    {'p', "fuzz.properties"}, {'i', "fuzz.ini"}, {'x', "fuzz.xml"}, {'j', "fuzz.json"}, {'c', "fuzz.conf"}};

const char* fileOf(char letter)
{
    for (const auto& form : kForms)
        if (form.letter == letter)
            return form.file;
    return kForms[static_cast<unsigned char>(letter) % std::size(kForms)].file;
}

void load(const std::string& path)
{
    settings::Sources sources;
    sources.file = "fuzz";
    sources.baseDir = "/base";
    sources.fileValues = settings::readSettingsFile(path);
    static const settings::OptionTable table = settings::hostOptions();
    std::vector<std::string> warnings;
    const auto settings = settings::loadSettings(table, sources, warnings);
    for (const auto& warning : warnings)
        fuzz::requirePrintable(warning, "a warning is one printable line");
    for (const auto& [key, text] : sources.fileValues)
        if (const auto* effective = settings.find(key); effective != nullptr && !text.empty())
            fuzz::require(effective->text == text, "the file decides what it names");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const launch::ScratchDir directory;
    fuzz::Input in(data, size);
    const char* file = fileOf(in.byte());
    std::filesystem::remove(directory.path() /
                            file); // ext4 writes a file to the disk that replaces its content
    const std::string path = directory.write(file, std::string(in.rest()));
    try {
        load(path);
    } catch (const Error& error) {
        fuzz::require(error.category() == Category::InvalidArgument, "a bad file is an invalid argument");
        fuzz::requirePrintable(describe(error), "a refusal is one printable line");
    }
    return 0;
}
