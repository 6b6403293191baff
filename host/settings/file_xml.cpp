// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <vector>

#include <expat.h>

#include "host/base/free_with.h"
#include "host/base/text.h"
#include "host/settings/file_keys.h"

namespace teehost::settings {
namespace {

/// Takes a document as it is parsed: a tree would hide attributes, and texts beside elements. The parser
/// calls it from C code, through which nothing must be thrown.
class XmlKeys {
public:
    explicit XmlKeys(FileKeys& keys) : keys_(keys), parser_(XML_ParserCreate(nullptr))
    {
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(parser_.get(), startElement, endElement);
        XML_SetCharacterDataHandler(parser_.get(), characters);
        XML_SetStartDoctypeDeclHandler(parser_.get(), startDoctype);
    }

    void read(std::string_view text)
    {
        const auto status = XML_Parse(parser_.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
        if (status != XML_STATUS_OK && !ended_)
            keys_.refuse(std::string("it is no XML document: ") +
                             XML_ErrorString(XML_GetErrorCode(parser_.get())),
                         line(), "");
    }

private:
    struct Element {
        std::string key, text;
        bool encloses;
        std::size_t line;
    };

    static XmlKeys& of(void* self) noexcept { return *static_cast<XmlKeys*>(self); }

    static void startElement(void* self, const char* name, const char** attributes) noexcept
    {
        of(self).start(name, attributes);
    }
    static void endElement(void* self, const char* name) noexcept { of(self).finish(name); }
    static void characters(void* self, const char* text, int length) noexcept
    {
        auto& open = of(self).open_;
        if (!open.empty())
            open.back().text.append(text, static_cast<std::size_t>(length));
    }
    static void startDoctype(void* self, const char*, const char*, const char*, int) noexcept
    {
        // Entities can be made to expand without end, or to read other files.
        of(self).end("it has a DOCTYPE, which settings do not need", "remove it");
    }

    void start(const std::string& name, const char** attributes)
    {
        if (static_cast<int>(open_.size()) > kMaxFileDepth)
            return end("the settings are nested deeper than " + std::to_string(kMaxFileDepth) + " levels",
                       "");
        const std::string key = open_.empty() ? "" : dotted(open_.back().key, name);
        for (; *attributes != nullptr; attributes += 2) // a name and a value each
            keys_.refuse("the element " + printable(name) + " has the attribute " + printable(*attributes) +
                             ", which is not read",
                         line(), "write it as an element of its own");
        if (!open_.empty())
            open_.back().encloses = true;
        open_.push_back({key, {}, false, line()});
    }

    void finish(const std::string& name)
    {
        const auto element = std::move(open_.back());
        open_.pop_back();
        const auto text = trim(element.text);
        if (!element.encloses && !element.key.empty())
            keys_.add(element.key, std::string(text), element.line);
        else if (!text.empty())
            keys_.refuse("the element " + printable(name) +
                             " has a text beside its elements, which is not read",
                         element.line, "give each value an element of its own");
    }

    /// Refuses the document and stops the parser: no more of it is looked at.
    void end(const std::string& what, const std::string& hint)
    {
        ended_ = true;
        keys_.refuse(what, line(), hint);
        XML_StopParser(parser_.get(), XML_FALSE);
        // Expat still ends the element that is being read when its handler stops the parser.
        XML_SetElementHandler(parser_.get(), nullptr, nullptr);
        XML_SetCharacterDataHandler(parser_.get(), nullptr);
    }

    [[nodiscard]] std::size_t line() const
    {
        return static_cast<std::size_t>(XML_GetCurrentLineNumber(parser_.get()));
    }

    FileKeys& keys_;
    std::unique_ptr<XML_ParserStruct, FreeWith<XML_ParserFree>> parser_;
    std::vector<Element> open_;
    bool ended_ = false;
};

} // namespace

void readXml(std::string_view text, FileKeys& keys) { XmlKeys(keys).read(text); }

} // namespace teehost::settings
