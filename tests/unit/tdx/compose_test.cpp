// SPDX-License-Identifier: Apache-2.0
//
// What QEMU is given, held against what its versions say they take.
#include <algorithm>
#include <array>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>
#include <nlohmann/json.hpp>

#include <teehost/kit/digest.h>

#include "support.h"

namespace teehost::tdx::test {
namespace {

using Json = nlohmann::json;

enum class Type { Uint64, Bool, Base64, Socket, Text };

/// Properties of tdx-guest in QEMU's schema (qapi/qom.json, TdxGuestProperties): those of 10.1 are those of
/// 10.2.
struct SchemaProperty {
    std::string_view name;
    Type type;
};
constexpr std::array kSchema{
    SchemaProperty{"qom-type", Type::Text},        SchemaProperty{"id", Type::Text},
    SchemaProperty{"attributes", Type::Uint64},    SchemaProperty{"sept-ve-disable", Type::Bool},
    SchemaProperty{"mrconfigid", Type::Base64},    SchemaProperty{"mrowner", Type::Base64},
    SchemaProperty{"mrownerconfig", Type::Base64}, SchemaProperty{"quote-generation-socket", Type::Socket},
};

/// SocketAddress (qapi/sockets.json): all texts, and those that the type demands, no others.
bool isSocketAddress(const Json& value)
{
    if (!value.is_object() || !value.contains("type"))
        return false;
    for (const auto& [key, member] : value.items())
        if (!member.is_string())
            return false;
    if (value["type"] == "vsock")
        return value.size() == 3 && value.contains("cid") && value.contains("port");
    return value["type"] == "unix" && value.size() == 2 && value.contains("path");
}

bool hasType(Type type, const Json& value)
{
    switch (type) {
    case Type::Uint64:
        return value.is_number_unsigned();
    case Type::Bool:
        return value.is_boolean();
    case Type::Base64: {
        const auto bytes = value.is_string() ? kit::fromBase64(value.get<std::string>()) : std::nullopt;
        return bytes && bytes->size() == 48;
    }
    case Type::Socket:
        return isSocketAddress(value);
    case Type::Text:
        return value.is_string();
    }
    return false;
}

Json guestOf(const plugin::Fragment& fragment)
{
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, fragment.items.size());
    const auto& item = std::get<plugin::JsonItem>(fragment.items.front());
    CPPUNIT_ASSERT_EQUAL(std::string("object"), item.option);
    return Json::parse(item.json);
}

std::string base64Of(kit::Bytes bytes, std::size_t size = 48)
{
    bytes.resize(size);
    return kit::toBase64(bytes);
}

} // namespace

class ComposeTest final : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ComposeTest);
    CPPUNIT_TEST(makesAMachineForATd);
    CPPUNIT_TEST(givesQemuWhatItsSchemaKnows);
    CPPUNIT_TEST(bindsTheDataThatCountsMost);
    CPPUNIT_TEST(saysWhereQuotesAreMade);
    CPPUNIT_TEST(cannotBeBrokenOutOf);
    CPPUNIT_TEST(keepsTheOperatorsHostCpu);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        host_ = goodHost(scratch_);
        vm_ = plainVm();
        vm_.cpu = "EPYC";
        vm_.kernel = "/boot/vmlinuz";
        vm_.cmdline = "quiet";
    }

private:
    Json guest(const Options& options) { return guestOf(compose(configured(options), host_, vm_)); }

    void makesAMachineForATd()
    {
        const auto fragment = compose(configured({}), host_, vm_);
        CPPUNIT_ASSERT((machineOf(fragment) == Pairs{{"confidential-guest-support", "tdx0"},
                                                     {"kernel-irqchip", "split"},
                                                     {"smm", "off"},
                                                     {"pic", "off"},
                                                     {"hpet", "off"},
                                                     {"vmport", "off"}}));
        CPPUNIT_ASSERT_EQUAL(std::string("memory-backend-memfd"), fragment.memory->type);
        CPPUNIT_ASSERT_EQUAL(std::string("host"), fragment.cpu->model);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, fragment.firmware.size());
        CPPUNIT_ASSERT(fragment.firmware[0].kind == plugin::Firmware::Kind::Bios);
        CPPUNIT_ASSERT_EQUAL(std::string(kInstalledTdvf), fragment.firmware[0].path);
        CPPUNIT_ASSERT_EQUAL(std::string("/boot/vmlinuz"), fragment.directBoot->kernel);
        CPPUNIT_ASSERT(notesOf(fragment).at("tdx.cpu").find("EPYC") != std::string::npos);
    }

    void givesQemuWhatItsSchemaKnows()
    {
        const std::string owner(96, 'a');
        const Options rows[] = {
            {},
            {{"attributes", "0x8000000050000000"}, {"id", "td1"}},
            {{"sept_ve_disable", "false"}, {"quote_generation", "none"}},
            {{"mr_config_id", owner}, {"mr_owner", owner}, {"mr_owner_config", owner}},
            {{"quote_generation", "/run/qgs.sock"}},
        };
        for (const Options& options : rows) {
            const Json object = guest(options);
            for (const auto& [key, value] : object.items()) {
                const auto* known = std::find_if(kSchema.begin(), kSchema.end(),
                                                 [&key = key](const auto& p) { return p.name == key; });
                CPPUNIT_ASSERT_MESSAGE(key, known != kSchema.end());
                CPPUNIT_ASSERT_MESSAGE(key + "=" + value.dump(), hasType(known->type, value));
            }
        }
        const Json all = guest({{"mr_owner", owner}, {"sept_ve_disable", "false"}});
        CPPUNIT_ASSERT(all["sept-ve-disable"] == false);
        CPPUNIT_ASSERT_EQUAL(base64Of(kit::Bytes(48, 0xaa)), all["mrowner"].get<std::string>());
        CPPUNIT_ASSERT(!all.contains("mrownerconfig"));
    }

    void bindsTheDataThatCountsMost()
    {
        const auto configId = [this](const Options& options) {
            const Json object = guest(options);
            return object.contains("mrconfigid") ? object["mrconfigid"].get<std::string>() : std::string();
        };
        const Options set{{"mr_config_id", std::string(96, 'b')}};
        CPPUNIT_ASSERT_EQUAL(std::string(), configId({}));
        vm_.configDigest = kit::Bytes(32, 7);
        CPPUNIT_ASSERT_EQUAL(base64Of(kit::Bytes(32, 7)), configId({}));
        CPPUNIT_ASSERT_EQUAL(std::string(), configId({{"bind_configuration", "false"}}));
        CPPUNIT_ASSERT_EQUAL(base64Of(kit::Bytes(48, 0xbb)), configId(set));
        vm_.hostData = kit::Bytes(48, 9);
        CPPUNIT_ASSERT_EQUAL(base64Of(kit::Bytes(48, 9)), configId(set));
        vm_.hostData = kit::Bytes(20, 9);
        CPPUNIT_ASSERT_EQUAL(kit::toBase64(kit::sha384(vm_.hostData)), configId(set));
        CPPUNIT_ASSERT_EQUAL(std::string("SHA-384 of the request's binding data"),
                             notesOf(compose(configured(set), host_, vm_)).at("tdx.mr_config_id_is"));
    }

    void saysWhereQuotesAreMade()
    {
        const auto socket = [this](const Options& options) {
            const Json object = guest(options);
            return object.contains("quote-generation-socket") ? object["quote-generation-socket"] : Json();
        };
        CPPUNIT_ASSERT(socket({}) == Json::parse(R"({"type":"vsock","cid":"2","port":"4050"})"));
        CPPUNIT_ASSERT(socket({{"quote_generation_port", "4060"}, {"quote_generation_cid", "1"}}) ==
                       Json::parse(R"({"type":"vsock","cid":"1","port":"4060"})"));
        CPPUNIT_ASSERT(socket({{"quote_generation", "/run/q"}}) ==
                       Json::parse(R"({"type":"unix","path":"/run/q"})"));
        CPPUNIT_ASSERT(socket({{"quote_generation", "none"}}).is_null());
        // A file that is no socket is not the service's.
        scratch_.write("var/run/tdx-qgs/qgs.socket", "");
        CPPUNIT_ASSERT(socket({})["type"] == "vsock");
    }

    void cannotBeBrokenOutOf()
    {
        const std::string evil = R"(/run/q","qom-type":"x"},{")";
        const Json object = guest({{"quote_generation", evil}});
        CPPUNIT_ASSERT_EQUAL(std::string("tdx-guest"), object["qom-type"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(evil, object["quote-generation-socket"]["path"].get<std::string>());
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, object.size());
    }

    void keepsTheOperatorsHostCpu()
    {
        vm_.cpu = "host,-avx10";
        CPPUNIT_ASSERT(!compose(configured({}), host_, vm_).cpu);
    }

    Scratch scratch_;
    HostFacts host_;
    plugin::VmFacts vm_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ComposeTest);

} // namespace teehost::tdx::test
