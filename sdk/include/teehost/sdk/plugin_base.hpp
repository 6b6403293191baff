// SPDX-License-Identifier: Apache-2.0
//
// The class that plugins derive from.
#pragma once

#include <teehost/sdk/answers.hpp>
#include <teehost/sdk/call.hpp>
#include <teehost/sdk/declare.hpp>
#include <teehost/sdk/fragment.hpp>
#include <teehost/sdk/requests.hpp>
#include <teehost/sdk/vm.hpp>

namespace teehost::sdk {

/// Override what the plugin can do; what is not overridden is not offered to the host. The functions may be called from
/// several threads at once (unless TH_PLUGIN_SERIAL), and throw Error to say why they fail.
///
/// A class P derived from it has a constructor P(Call), which reads the options that are not reloadable, and besides
///   static constexpr About kAbout{...}                always;
///   static constexpr std::array kOptions{Option...}   if it has options;
///   static constexpr std::array kProbeChecks{Check...}   with probe;
///   static constexpr std::array kVerifyChecks{Check...}  with verify, and
///   static int recognise(const Blob&)                 with verify: 0..100, how surely the blob is this plugin's.
class Plugin {
public:
    virtual ~Plugin() = default;
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    virtual void probe(Call, const ProbeRequest&, Checks) { throw notOffered(); }
    virtual void compose(Call, const Vm&, Fragment) { throw notOffered(); }
    virtual void measure(Call, const MeasureRequest&, Reference) { throw notOffered(); }
    /// Comes with verify; the default knows no claims.
    virtual void inspect(Call, const Blob&, Claims) {}
    virtual void verify(Call, const VerifyRequest&, Checks) { throw notOffered(); }
    /// TH_EVIDENCE_*: what the agent of this VM is asked for, to be given to verify.
    virtual std::uint32_t evidence(Call, const Vm&) { throw notOffered(); }
    /// Comes with evidence, where evidence alone does not prove whose key signed it.
    virtual void challenge(Call, const ChallengeRequest&, Challenge) { throw notOffered(); }
    virtual void diagnose(Call, const Failure&, Findings) { throw notOffered(); }
    virtual void capacity(Call, Capacity) { throw notOffered(); }

protected:
    Plugin() = default;

private:
    static Error notOffered() { return Error(TH_UNIMPLEMENTED, "this plugin does not offer that"); }
};

} // namespace teehost::sdk
