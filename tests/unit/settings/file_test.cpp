// SPDX-License-Identifier: Apache-2.0
//
// Tests that every form of file keeps each setting or refuses it, and has the same answer to the same
// mistake.
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/settings/settings.h"

namespace teehost::settings {
namespace {

struct Form {
    std::string name, content;
};

class SettingsFileTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SettingsFileTest);
    CPPUNIT_TEST(readsDottedKeysInEveryForm);
    CPPUNIT_TEST(refusesAKeyGivenTwice);
    CPPUNIT_TEST(warnsOfUnknownKeys);
    CPPUNIT_TEST(warnsOfAByteOrderMark);
    CPPUNIT_TEST(refusesAnotherEncoding);
    CPPUNIT_TEST(refusesWhatIsNoValue);
    CPPUNIT_TEST(refusesBadTypesAlike);
    CPPUNIT_TEST(tellsAllMistakesAtOnce);
    CPPUNIT_TEST(readsPropertiesAsJavaDoes);
    CPPUNIT_TEST(refusesABackslashThatSwallowsASetting);
    CPPUNIT_TEST(readsSectionsOfIniFiles);
    CPPUNIT_TEST_SUITE_END();

    Findings findings_;

    FileValues read(const Form& form)
    {
        findings_ = {};
        const auto path = std::filesystem::temp_directory_path() /
                          ("teehost-settings-file-" + std::to_string(::getpid()) + form.name);
        std::ofstream(path, std::ios::binary) << form.content;
        auto values = readSettingsFile(path.string(), findings_);
        std::filesystem::remove(path);
        return values;
    }

    Settings load(const Form& form)
    {
        Sources sources;
        sources.file = form.name;
        sources.baseDir = "/";
        sources.fileValues = read(form);
        return loadSettings(hostOptions(), sources, findings_);
    }

    void requireRefusal(const Form& form, const std::string& words, std::size_t refusals = 1)
    {
        load(form);
        const std::string all = told(findings_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(form.name + ": " + form.content + ": " + all, refusals,
                                     findings_.refusals().size());
        CPPUNIT_ASSERT_MESSAGE(form.name + ": " + all, all.find(words) != std::string::npos);
    }

    static std::string told(const Findings& findings)
    {
        std::string out;
        for (const auto& refusal : findings.refusals())
            out += describe(refusal) + "\n";
        for (const auto& warning : findings.warnings())
            out += "warning: " + warning + "\n";
        return out;
    }

    void readsDottedKeysInEveryForm()
    {
        const Form forms[] = {
            {".properties", "grpc.client_ca_certs = /ca.pem\nvm.max = 3\n"},
            {".ini", "grpc.client_ca_certs = /ca.pem\n[vm]\nmax = 3\n"},
            {".xml", "<c><grpc.client_ca_certs>/ca.pem</grpc.client_ca_certs><vm><max> 3 </max></vm></c>"},
            {".json", R"({"grpc.client_ca_certs": "/ca.pem", "vm.max": 3, "grpc": {"port": 17999}})"}};
        for (const auto& form : forms) {
            const auto settings = load(form);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(form.name, std::string("/ca.pem"),
                                         settings.text("grpc.client_ca_certs"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(form.name, std::uint64_t{3}, settings.number("vm.max"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(form.name, std::string(), told(findings_));
        }
    }

    void refusesAKeyGivenTwice()
    {
        const Form forms[] = {{".properties", "vm.max = 3\nvm.max: 4\n"},
                              {".conf", "vm.max = 3\nvm.max = 3\n"},
                              {".ini", "[vm]\nmax = 3\n[qemu]\n[vm]\nmax = 4\n"},
                              {".ini", "vm.max = 3\n[vm]\nmax = 4\n"},
                              {".xml", "<c><vm><max>3</max><max>4</max></vm></c>"},
                              {".xml", "<c><vm><max>3</max></vm><vm><max>4</max></vm></c>"},
                              {".json", R"({"vm": {"max": 3, "max": 4}})"},
                              {".json", R"({"vm.max": 3, "vm": {"max": 4}})"},
                              {".json", R"({"vm": {"max": 3}, "vm": {"max": ""}})"}};
        for (const auto& form : forms)
            requireRefusal(form, "vm.max is given twice");
        requireRefusal({".properties", "\nvm.max = 3\n\nvm.max = 4\n"}, "(lines 2 and 4); keep one of them");
    }

    void warnsOfUnknownKeys()
    {
        const Form forms[] = {{".properties", "vm.maxx = 3\n"},
                              {".ini", "[vm]\nmaxx = 3\n"},
                              {".xml", "<c><vm><maxx>3</maxx></vm></c>"},
                              {".json", R"({"vm.maxx": 3})"},
                              {".json", R"({"vm": {"maxx": 3}})"}};
        for (const auto& form : forms) {
            load(form);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(form.name,
                                         "warning: file " + form.name +
                                             ": the key vm.maxx is not known and has no effect, did you mean "
                                             "vm.max?\n",
                                         told(findings_));
        }
        // These have keys where a value is expected.
        const Form nested[] = {{".properties", "vm.max.x = 3\n"},
                               {".ini", "[vm.max]\nx = 3\n"},
                               {".xml", "<c><vm><max><x>3</x></max></vm></c>"},
                               {".json", R"({"vm": {"max": {"x": 3}}})"}};
        for (const auto& form : nested) {
            load(form);
            CPPUNIT_ASSERT_MESSAGE(form.name,
                                   told(findings_).find("vm.max.x is not known") != std::string::npos);
        }
        load({".properties", "MANAGER_MAX_VMS=3\n"});
        CPPUNIT_ASSERT_MESSAGE(told(findings_),
                               told(findings_).find("the key is vm.max") != std::string::npos);
    }

    void warnsOfAByteOrderMark()
    {
        const Form forms[] = {{".properties", "vm.max = 3\n"},
                              {".ini", "vm.max = 3\n"},
                              {".xml", "<?xml version=\"1.0\"?><c><vm><max>3</max></vm></c>"},
                              {".json", R"({"vm.max": 3})"}};
        for (const auto& form : forms) {
            const auto settings = load({form.name, "\xEF\xBB\xBF" + form.content});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(form.name, std::uint64_t{3}, settings.number("vm.max"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(told(findings_), std::size_t{1}, findings_.warnings().size());
            CPPUNIT_ASSERT(!findings_.refused());
        }
    }

    void refusesAnotherEncoding()
    {
        const std::string utf16("\xFF\xFEv\0m\0", 6);
        for (const std::string name : {".properties", ".ini", ".xml", ".json"}) {
            requireRefusal({name, utf16}, "is not UTF-8 text");
            requireRefusal({name, std::string("a\0b = c\n", 8)}, "is not UTF-8 text");
            requireRefusal({name, "instance.id = \xFC\n"}, "is not UTF-8 text");
        }
    }

    void refusesWhatIsNoValue()
    {
        const std::pair<Form, std::string> rows[] = {
            {{".json", R"({"vm": {"max": null}})"}, "vm.max is null"},
            {{".json", R"({"vm": {"image_dirs": ["/a", {"b": [1]}, null]}})"}, "vm.image_dirs is an array"},
            {{".json", R"({"grpc": {"client_ca_certs": {}}})"}, "grpc.client_ca_certs is an object"},
            {{".json", "[1]"}, "the settings are an array"},
            {{".json", "3"}, "the settings are no object"},
            {{".json", "{\"vm.max\": 3} x"}, "parse error"},
            {{".json", ""}, "parse error"},
            {{".xml", "<c><vm max=\"3\"/></c>"}, "the attribute max"},
            {{".xml", "<c><vm>3<max>4</max></vm></c>"}, "a text beside its elements"},
            {{".xml", "<c>3</c>"}, "a text beside its elements"},
            {{".xml", "<!DOCTYPE c [<!ENTITY e \"3\">]><c><vm><max>&e;</max></vm></c>"}, "a DOCTYPE"},
            {{".ini", "[vm\nvm.max = 3\n"}, "line 1: \"[vm\" is not of the form"},
            {{".ini", "vm.max\n"}, "is not of the form key = value"},
            {{".properties", "[vm]\nvm.max = 3\n"}, "begins a section, which only .ini files have"},
            {{".properties", "vm.max\n"}, "is not of the form key = value"},
            {{".properties", "= 3\n"}, "there is no key"},
            {{".ini", " = 3\n"}, "there is no key"}};
        for (const auto& [form, words] : rows)
            requireRefusal(form, words);
    }

    void refusesBadTypesAlike()
    {
        for (const auto& [key, value] : {std::pair<std::string, std::string>{"vm.max", "true"},
                                         {"vm.max", "1.5"},
                                         {"vm.max", "-1"},
                                         {"plugins.allow_own", "2"}}) {
            const Form forms[] = {{".properties", key + " = " + value + "\n"},
                                  {".ini", key + " = " + value + "\n"},
                                  {".xml", "<c><" + key + ">" + value + "</" + key + "></c>"},
                                  {".json", "{\"" + key + "\": " + value + "}"},
                                  {".json", "{\"" + key + "\": \"" + value + "\"}"}};
            for (const auto& form : forms)
                requireRefusal(form, key + "=" + value + " (file " + form.name + ")");
        }
    }

    void tellsAllMistakesAtOnce()
    {
        requireRefusal({".properties", "vm.max = x\ngrpc.port = y\nvm.max = 3\nnonsense\n"}, "", 4);
    }

    void readsPropertiesAsJavaDoes()
    {
        const auto values = read(
            {".properties", "! remark\r\n  a.b  =  c d  \r\ne:f\\\ng\\th\n\n#x=y\nk = v=w:x # y\rz=\\\\"});
        CPPUNIT_ASSERT_EQUAL(std::string(), told(findings_));
        const FileValues expected{{"a.b", "c d"}, {"e", "fg\th"}, {"k", "v=w:x # y"}, {"z", "\\"}};
        CPPUNIT_ASSERT(expected == values);
    }

    void refusesABackslashThatSwallowsASetting()
    {
        const std::string words = "line 2: the backslash at the end takes in the next line, ";
        requireRefusal({".properties", "\nqemu.mounts.env = /tmp/\\\ngrpc.client_ca_certs = /x\n"},
                       words + "which looks like the setting grpc.client_ca_certs");
        requireRefusal({".conf", "\nqemu.mounts.env = /tmp/\\\r\n\tgrpc.client_ca_certs:/x"}, words);
        requireRefusal({".properties", "\nqemu.mounts.env = /tmp/\\\nbackend=auto\n"}, words);
        requireRefusal({".properties", "vm.boot = a\\\n\\\nvm.max = 3\n"}, words, 1);
        // A plugin's option, whose name is not known when the file is read.
        requireRefusal({".properties", "\nqemu.mounts.env = /tmp/\\\nsome-plugin.policy = 0x3\n"}, words);
        for (const std::string text :
             {"quiet \\\n systemd.unit=rescue.target\n", "a \\\nb = c\n", "a\\\\\nvm.max = 3\n", "a\\"}) {
            load({".properties", "qemu.kernel.cmdline = " + text});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string(), told(findings_));
        }
    }

    void readsSectionsOfIniFiles()
    {
        const auto values =
            read({".ini", "; remark\r\n# remark\r\ntop = 1\r\n[ a.b ]\r\n c = d = e ; f\r\n[]\r\nx=\\n"});
        CPPUNIT_ASSERT_EQUAL(std::string(), told(findings_));
        const FileValues expected{{"top", "1"}, {"a.b.c", "d = e ; f"}, {"x", "\\n"}};
        CPPUNIT_ASSERT(expected == values);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SettingsFileTest);

} // namespace
} // namespace teehost::settings
