// SPDX-License-Identifier: Apache-2.0
#include "report/kds.h"

namespace teehost::sev_snp {
namespace {

std::string twoDigits(std::uint8_t svn) { return (svn < 10 ? "0" : "") + std::to_string(svn); }

std::string folder(std::string_view base, EndorsementKind kind, ProductLine line)
{
    return std::string(base) + (kind == EndorsementKind::Vcek ? "/vcek/v1/" : "/vlek/v1/") +
           std::string(nameOf(line)) + "/";
}

} // namespace

std::string vcekUrl(std::string_view base, const Report& report, ProductLine line)
{
    const bool isTurin = line == ProductLine::Turin;
    const Tcb tcb = Tcb::decode(report.reportedTcb, line);
    const auto chip = kit::ByteView(report.chipId).first(isTurin ? 8 : 64);
    return folder(base, EndorsementKind::Vcek, line) + kit::toHex(chip) + "?" +
           (isTurin ? "fmcSPL=" + twoDigits(tcb.fmc) + "&" : "") + "blSPL=" + twoDigits(tcb.bootLoader) +
           "&teeSPL=" + twoDigits(tcb.tee) + "&snpSPL=" + twoDigits(tcb.snp) +
           "&ucodeSPL=" + twoDigits(tcb.microcode);
}

std::string chainUrl(std::string_view base, EndorsementKind kind, ProductLine line)
{
    return folder(base, kind, line) + "cert_chain";
}

std::string crlUrl(std::string_view base, EndorsementKind kind, ProductLine line)
{
    return folder(base, kind, line) + "crl";
}

} // namespace teehost::sev_snp
