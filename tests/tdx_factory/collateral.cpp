// SPDX-License-Identifier: Apache-2.0
#include "tdx_factory/collateral.h"

#include <teehost/kit/time.h>

namespace teehost::tdx_factory {
namespace {

constexpr kit::UnixSeconds kDay = 86'400;
constexpr const char* kSigner =
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000"; // Intel's own modules

// A list of one in braces is that one for some compilers, and a list for others: hence the explicit arrays.
Json advisories(const std::vector<std::string>& ids) { return Json(ids); }
Json list(const std::vector<Json>& elements) { return Json(elements); }

Json level(const Json& tcb, const char* date, const char* status, const Json& ids = Json())
{
    Json out{{"tcb", tcb}, {"tcbDate", date}, {"tcbStatus", status}};
    if (!ids.is_null())
        out["advisoryIDs"] = ids;
    return out;
}

Json identity(const Json& first)
{
    Json out = first;
    out["mrsigner"] = kSigner;
    out["attributes"] = "0000000000000000";
    out["attributesMask"] = "FFFFFFFFFFFFFFFF";
    return out;
}

void putTimes(Json& document)
{
    document["issueDate"] = kit::timeText(kNow - kDay);
    document["nextUpdate"] = kit::timeText(kNow + 30 * kDay);
}

} // namespace

Json components(const std::vector<unsigned>& svns)
{
    Json out = Json::array();
    for (std::size_t i = 0; i < 16; ++i)
        out.push_back({{"svn", i < svns.size() ? svns[i] : 0}});
    out[0]["category"] = "BIOS";
    out[0]["type"] = "Early Microcode Update";
    return out;
}

Json tcbInfo()
{
    const auto tcb = [](const std::vector<unsigned>& sgx, unsigned pce, const std::vector<unsigned>& tdx) {
        return Json{
            {"sgxtcbcomponents", components(sgx)}, {"pcesvn", pce}, {"tdxtcbcomponents", components(tdx)}};
    };
    Json out{{"id", "TDX"}, {"version", 3}};
    putTimes(out);
    out.update(Json{{"fmspc", "B0C06F000000"},
                    {"pceId", "0000"},
                    {"tcbType", 0},
                    {"tcbEvaluationDataNumber", 17},
                    {"tdxModule", identity(Json::object())}});
    Json new_module = identity({{"id", "TDX_03"}}), module = identity({{"id", "TDX_01"}});
    new_module["tcbLevels"] = list({level({{"isvsvn", 3}}, "2025-05-14T00:00:00Z", "UpToDate")});
    module["tcbLevels"] =
        list({level({{"isvsvn", 6}}, "2025-05-14T00:00:00Z", "UpToDate"),
              level({{"isvsvn", 4}}, "2024-03-13T00:00:00Z", "OutOfDate", advisories({"INTEL-SA-01036"})),
              level({{"isvsvn", 2}}, "2023-08-09T00:00:00Z", "Revoked")});
    out["tdxModuleIdentities"] = list({new_module, module});
    out["tcbLevels"] =
        list({level(tcb({5, 5, 2, 2, 4, 1, 0, 5}, 13, {5, 0, 6}), "2025-05-14T00:00:00Z", "UpToDate"),
              level(tcb({4, 4, 2, 2, 4, 1, 0, 5}, 13, {5, 0, 5}), "2024-03-13T00:00:00Z", "OutOfDate",
                    advisories({"INTEL-SA-01036", "INTEL-SA-01079"})),
              level(tcb({4, 4, 2, 2, 4, 1, 0, 5}, 5, {3, 0, 5}), "2018-01-04T00:00:00Z", "OutOfDate",
                    advisories({"INTEL-SA-00106"}))});
    return out;
}

Json qeIdentity()
{
    Json out{{"id", "TD_QE"}, {"version", 2}};
    putTimes(out);
    out.update(Json{{"tcbEvaluationDataNumber", 17},
                    {"miscselect", "00000000"},
                    {"miscselectMask", "FFFFFFFF"},
                    {"attributes", "11000000000000000000000000000000"},
                    {"attributesMask", "FBFFFFFFFFFFFFFF0000000000000000"},
                    {"mrsigner", "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5"},
                    {"isvprodid", 2}});
    out["tcbLevels"] =
        list({level({{"isvsvn", 4}}, "2024-03-13T00:00:00Z", "UpToDate"),
              level({{"isvsvn", 2}}, "2023-08-09T00:00:00Z", "OutOfDate", advisories({"INTEL-SA-00960"}))});
    return out;
}

std::string signedDocument(const std::string& member, const std::string& inner, const Key& key)
{
    const Bytes signature = signBytes(kit::viewOf(inner), key, 32);
    return "{\"" + member + "\":" + inner + ",\"signature\":\"" + kit::toHex(signature) + "\"}";
}

} // namespace teehost::tdx_factory
