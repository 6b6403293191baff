// SPDX-License-Identifier: Apache-2.0
//
// Kinds of the TDX vectors that are about verification: quote, collateral.
#include <algorithm>
#include <set>

#include <teehost/kit/digest.h>
#include <teehost/kit/file.h>
#include <teehost/kit/input_error.h>

#include "cases/case.h"
#include "tdx/quote/appraisal.h"
#include "tdx/quote/td_fields.h"

namespace teehost::cases {
namespace {

using namespace tdx;
using kit::Outcome::Error, kit::Outcome::Fail;

constexpr std::uint64_t kMostBytes = 16u << 20;

/// Makes a change in memory. Throws NotUnderstood for one that is not known, or that changes nothing: the
/// outcome would be that of the file as it is. `also` are keys that say where the change is to be made.
void change(Bytes& bytes, const Json& step, std::initializer_list<std::string_view> also = {})
{
    for (const auto& [key, value] : step.items())
        if (key != "offset" && key != "set" && key != "xor" && key != "truncate" && key != "append" &&
            std::find(also.begin(), also.end(), key) == also.end())
            throw NotUnderstood("the change \"" + key + "\" is not known");
    const auto hex = [&](const char* key) {
        const auto decoded = kit::fromHex(step.at(key).get<std::string>());
        if (!decoded)
            throw NotUnderstood(std::string("the change \"") + key + "\" is not hexadecimal");
        return *decoded;
    };
    const Bytes before = bytes;
    const std::size_t offset = step.value("offset", std::size_t{0});
    if (step.contains("truncate"))
        bytes.resize(std::min(bytes.size(), step.at("truncate").get<std::size_t>()));
    if (step.contains("append")) {
        const Bytes more = hex("append");
        bytes.insert(bytes.end(), more.begin(), more.end());
    }
    if (step.contains("set")) {
        const Bytes with = hex("set");
        if (offset + with.size() > bytes.size())
            throw NotUnderstood("a change is beyond the end");
        std::copy(with.begin(), with.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    if (step.contains("xor")) {
        const auto with = step.at("xor").get<unsigned>();
        if (offset >= bytes.size() || with > 0xff)
            throw NotUnderstood("a change is beyond the end, or of more than one byte");
        bytes[offset] = static_cast<std::uint8_t>(bytes[offset] ^ with);
    }
    if (bytes == before)
        throw NotUnderstood("the change " + step.dump() + " changes nothing");
}

Bytes quoteOf(const Case& item)
{
    Bytes quote = item.roleFile("quote");
    if (item.has("mutate_quote"))
        for (const Json& step : item.input("mutate_quote"))
            change(quote, step);
    return quote;
}

std::optional<SignedJson> documentIn(const Bytes& blob)
{
    try {
        return SignedJson::read(kit::textOf(blob));
    } catch (const kit::InputError&) {
        return std::nullopt;
    }
}

/// The file, changed where the case says so. `made` gathers the numbers of the changes that were made.
Bytes blobOf(const Case& item, const std::filesystem::path& path, std::set<std::size_t>& made)
{
    Bytes blob = kit::readFile(path.string(), "collateral", kMostBytes);
    const auto document = item.has("mutate_signed_json") ? documentIn(blob) : std::nullopt;
    if (!document)
        return blob;
    const bool isTcbInfo = document->kind() == SignedJson::Kind::TcbInfo;
    const auto start = static_cast<std::size_t>(document->signedPart().data() - document->text().data());
    std::size_t number = 0;
    for (Json step : item.input("mutate_signed_json")) {
        ++number;
        const std::string which = step.at("document");
        if (which != "tcb_info" && which != "qe_identity")
            throw NotUnderstood("the document \"" + which + "\" is not known");
        if (isTcbInfo != (which == "tcb_info"))
            continue;
        step["offset"] = start + step.at("offset_in_signed_bytes").get<std::size_t>();
        change(blob, step, {"document", "offset_in_signed_bytes"});
        made.insert(number);
    }
    return blob;
}

/// Every file of the folder, as somebody would hand them over.
CollateralPool poolOf(const Case& item)
{
    CollateralPool pool;
    std::set<std::size_t> made;
    if (item.hasRole("collateral"))
        for (const auto& entry : std::filesystem::directory_iterator(item.rolePath("collateral")))
            pool.add(blobOf(item, entry.path(), made));
    if (item.has("mutate_signed_json") && made.size() != item.input("mutate_signed_json").size())
        throw NotUnderstood("a change of mutate_signed_json is of a document that is not there");
    return pool;
}

std::vector<Anchor> anchorsOf(const Case& item)
{
    if (!item.hasRole("trusted_root"))
        return {intelRoots().begin(), intelRoots().end()};
    std::vector<Anchor> anchors;
    for (const auto& root : kit::readX509(item.roleFile("trusted_root")).certificates)
        anchors.push_back(Anchor::of(root));
    return anchors;
}

/// What a quote and its certificates say.
void describe(const Quote& quote, const PckChain& chain, Json& out)
{
    Json body = Json::object();
    eachField(quote.body, [&](std::string_view name, kit::ByteView bytes) {
        body[std::string(name)] = kit::toHex(bytes);
    });
    const std::uint64_t attributes = numberOf(quote.body.tdAttributes);
    out.update(Json{{"parse", "ok"},
                    {"version", quote.version},
                    {"body_type", static_cast<unsigned>(quote.bodyType)},
                    {"trailing_bytes", quote.trailingBytes},
                    {"body", body},
                    {"td_debug", (attributes & 1) != 0},
                    {"sept_ve_disable", (attributes >> 28 & 1) != 0}});
    if (chain.extension)
        out.update(Json{{"fmspc", kit::toHex(chain.extension->fmspc)},
                        {"pceid", kit::toHex(chain.extension->pceId)},
                        {"pce_svn", chain.extension->pceSvn},
                        {"cpu_svn", kit::toHex(chain.extension->cpuSvn)},
                        {"ppid", kit::toHex(chain.extension->ppid)},
                        {"cpu_svn_components", chain.extension->components}});
}

void describe(const TcbVerdict& tcb, Json& out)
{
    out.update(Json{{"tcb_status", nameOf(tcb.status)},
                    {"advisory_ids", tcb.launch.advisories},
                    {"tcb_date", kit::timeText(tcb.launch.date)},
                    {"launch_tcb_status", nameOf(tcb.launch.status)},
                    {"platform_status", nameOf(tcb.platform.status)},
                    {"platform_tcb_date", kit::timeText(tcb.platform.date)},
                    {"qe_status", nameOf(tcb.qe.status)},
                    {"module_status", tcb.module ? Json(nameOf(tcb.module->status)) : Json()},
                    {"tcb_evaluation_data_number", {tcb.tcbInfoNumber, tcb.qeIdentityNumber}}});
    if (tcb.current)
        out["current_tcb_status"] = nameOf(tcb.current->status);
}

std::string policyResult(const Quote& quote, const TcbVerdict* tcb, const Policy& policy, kit::UnixSeconds at)
{
    auto lines = appraiseDefaults(quote.body, tcb, policy, at);
    for (kit::CheckLine& line : appraisePolicy(quote, tcb, policy))
        lines.push_back(std::move(line));
    const auto* failure = kit::firstFailure(lines);
    return failure == nullptr ? "accept" : "reject: " + failure->reason;
}

Outcome refusedBy(const kit::CheckLine& line) { return refused(line.reason, line.message); }

/// Accepted, unless a check has failed: nothing but missing collateral may be undecided.
const kit::CheckLine* objection(const std::vector<kit::CheckLine>& lines, bool has_collateral)
{
    if (const auto* failure = kit::firstFailure(lines))
        return failure;
    const auto* line = kit::firstObjection(lines);
    const bool isMissing =
        line != nullptr && (line->reason == "COLLATERAL_MISSING" || line->reason == "CRL_MISSING");
    return isMissing && !has_collateral ? nullptr : line;
}

Outcome runQuote(const Case& item)
{
    item.expectInputs({"verification_time", "policy", "mutate_quote", "mutate_signed_json"});
    try {
        const Bytes bytes = quoteOf(item);
        const Quote quote = Quote::parse(bytes);
        const PckChain chain = PckChain::of(quote.certificates);
        const auto anchors = anchorsOf(item);
        const Policy policy = item.has("policy") ? Policy::parse(item.input("policy").dump()) : Policy();
        const bool hasCollateral = item.hasRole("collateral");
        const VerifyTerms terms{item.time("verification_time"), anchors,
                                policy.crl.value_or(CrlMode::Required), policy.collateral};
        const Verified verified =
            verifyQuote(quote, chain, Collateral::of(poolOf(item), &chain, anchors), terms);
        if (const auto* line = objection(verified.lines, hasCollateral))
            return refusedBy(*line);
        Outcome out{true, {}, {}, {{"result", hasCollateral ? "ok" : "ok-without-collateral"}}};
        out.values.update(Json{{"quote_signature", "ok"}, {"pck_chain", "ok"}}); // else a check had failed
        describe(quote, chain, out.values);
        if (verified.tcb)
            describe(*verified.tcb, out.values);
        out.values["policy_result"] =
            policyResult(quote, verified.tcb ? &*verified.tcb : nullptr, policy, terms.at);
        return out;
    } catch (const kit::InputError& e) {
        return refused(e.reason(), e.what());
    }
}

Outcome runCollateral(const Case& item)
{
    item.expectInputs({"verification_time", "mutate_signed_json"});
    try {
        const CollateralPool pool = poolOf(item);
        const auto anchors = anchorsOf(item);
        const Collateral its = Collateral::of(pool, nullptr, anchors);
        const VerifyTerms terms{item.time("verification_time"), anchors};
        for (const auto& line : verifyCollateral(its, terms))
            if (line.outcome == Fail || line.outcome == Error)
                return refusedBy(line);
        // Who has issued the CRL of PCK certificates is known from a quote, where the set does not say it.
        const auto crls = verifyCrls(its, terms);
        const bool issuerUnknown = pool.named(subject::kPlatformCa).empty() &&
                                   pool.named(subject::kProcessorCa).empty() && crls.reason == "PCK_CRL_SIG";
        if (crls.outcome != kit::Outcome::Pass && !issuerUnknown)
            return refusedBy(crls);
        const TcbInfo& info = its.tcbInfo.content.value();
        Json modules = Json::array();
        for (const auto& module : info.modules)
            modules.push_back(module.id);
        return {true,
                {},
                {},
                {{"result", "ok"},
                 {"fmspc", kit::toHex(info.fmspc)},
                 {"pceid", kit::toHex(info.pceId)},
                 {"tcb_levels", info.levels.size()},
                 {"module_identities", modules},
                 {"valid_from", kit::timeText(its.window().from)},
                 {"valid_until", kit::timeText(its.window().to)},
                 {"tcb_info_signed_sha256", kit::toHex(its.tcbInfo.signedDigest)},
                 {"qe_identity_signed_sha256", kit::toHex(its.qeIdentity.signedDigest)},
                 {"tcb_evaluation_data_number",
                  {info.evaluationDataNumber, its.qeIdentity.content.value().evaluationDataNumber}},
                 {"root_ca_crl_revoked_count", its.rootCrl.revokedCount},
                 {"pck_crl_revoked_count", its.pckCrl.revokedCount}}};
    } catch (const kit::InputError& e) {
        return refused(e.reason(), e.what());
    }
}

} // namespace

void addTdxQuoteCases(Runners& runners)
{
    runners["quote"] = {runQuote, {"quote", "collateral", "trusted_root"}};
    runners["collateral"] = {runCollateral, {"collateral", "trusted_root"}};
}

} // namespace teehost::cases
