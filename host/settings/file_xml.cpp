// SPDX-License-Identifier: Apache-2.0
#include <Poco/SAX/Attributes.h>
#include <Poco/SAX/DefaultHandler.h>
#include <Poco/SAX/LexicalHandler.h>
#include <Poco/SAX/Locator.h>
#include <Poco/SAX/SAXException.h>
#include <Poco/SAX/SAXParser.h>

#include "host/base/text.h"
#include "host/settings/file_keys.h"

namespace teehost::settings {
namespace {

using Poco::XML::XMLChar;
using Poco::XML::XMLString;

/// Takes a document as it is parsed: a tree would hide attributes, and texts beside elements. The parser
/// calls it from C code, through which nothing must be thrown: after a fault that ends the reading it does
/// nothing.
class XmlKeys final : public Poco::XML::DefaultHandler, public Poco::XML::LexicalHandler {
public:
    explicit XmlKeys(FileKeys& keys) : keys_(keys) {}

    void setDocumentLocator(const Poco::XML::Locator* locator) override { locator_ = locator; }

    void startElement(const XMLString&, const XMLString&, const XMLString& name,
                      const Poco::XML::Attributes& attributes) override
    {
        if (ended_)
            return;
        if (static_cast<int>(open_.size()) > kMaxFileDepth)
            return end("the settings are nested deeper than " + std::to_string(kMaxFileDepth) + " levels",
                       "");
        const std::string key = open_.empty() ? "" : dotted(open_.back().key, name);
        for (int i = 0; i < attributes.getLength(); ++i)
            keys_.refuse("the element " + printable(name) + " has the attribute " +
                             printable(attributes.getQName(i)) + ", which is not read",
                         line(), "write it as an element of its own");
        if (!open_.empty())
            open_.back().encloses = true;
        open_.push_back({key, {}, false, line()});
    }

    void endElement(const XMLString&, const XMLString&, const XMLString& name) override
    {
        if (ended_ || open_.empty())
            return;
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

    void characters(const XMLChar text[], int start, int length) override
    {
        if (!ended_ && !open_.empty())
            open_.back().text.append(text + start, static_cast<std::size_t>(length));
    }

    void startDTD(const XMLString&, const XMLString&, const XMLString&) override
    {
        // Entities can be made to expand without end, or to read other files.
        end("it has a DOCTYPE, which settings do not need", "remove it");
    }
    void endDTD() override {}
    void startEntity(const XMLString&) override {}
    void endEntity(const XMLString&) override {}
    void startCDATA() override {}
    void endCDATA() override {}
    void comment(const XMLChar[], int, int) override {}

private:
    struct Element {
        std::string key, text;
        bool encloses;
        std::size_t line;
    };

    [[nodiscard]] std::size_t line() const
    {
        return locator_ == nullptr ? 0 : static_cast<std::size_t>(std::max(0, locator_->getLineNumber()));
    }

    void end(const std::string& what, const std::string& hint)
    {
        if (!ended_)
            keys_.refuse(what, line(), hint);
        ended_ = true;
    }

    FileKeys& keys_;
    const Poco::XML::Locator* locator_ = nullptr;
    std::vector<Element> open_;
    bool ended_ = false;
};

} // namespace

void readXml(std::string_view text, FileKeys& keys)
{
    XmlKeys handler(keys);
    try {
        Poco::XML::SAXParser parser;
        parser.setFeature(Poco::XML::XMLReader::FEATURE_NAMESPACES, false);
        parser.setFeature(Poco::XML::XMLReader::FEATURE_EXTERNAL_GENERAL_ENTITIES, false);
        parser.setFeature(Poco::XML::XMLReader::FEATURE_EXTERNAL_PARAMETER_ENTITIES, false);
        parser.setContentHandler(&handler);
        parser.setProperty(Poco::XML::XMLReader::PROPERTY_LEXICAL_HANDLER,
                           static_cast<Poco::XML::LexicalHandler*>(&handler));
        parser.parseMemoryNP(text.data(), text.size());
    } catch (const Poco::Exception& exception) {
        keys.refuse(printable(exception.displayText()), 0, "");
    }
}

} // namespace teehost::settings
