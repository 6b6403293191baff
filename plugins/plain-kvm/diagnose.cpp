// SPDX-License-Identifier: Apache-2.0
//
// Causes in the plugin's own options of a VM that does not start. The host knows the words that QEMU has for
// every VM. Source: QEMU 7.2 to 10.2, softmmu/physmem.c, backends/hostmem*.c.
#include <array>

#include <teehost/kit/tell_symptoms.h>

#include "plain_kvm.h"

namespace teehost::plain_kvm {

namespace {

using kit::Symptom;

constexpr std::string_view kOtherBackend =
    "Reserve more huge pages (sysctl vm.nr_hugepages), or set plain-kvm.memory_backend=memfd.";

constexpr std::array kSymptoms{
    Symptom{"unable to map backing store for guest RAM: Cannot allocate memory", 95,
            "The host has too few huge pages reserved.", kOtherBackend},
    Symptom{"failed to create memfd with flags", 92, "The kernel makes no huge pages of the size asked for.",
            kOtherBackend},
    Symptom{"can't open backing store", 92, "The file system of huge pages cannot be used.", kOtherBackend},
};

} // namespace

void PlainKvm::diagnose(sdk::Call, const sdk::Failure& failure, sdk::Findings out)
{
    kit::tellSymptoms(kSymptoms, failure, out);
}

} // namespace teehost::plain_kvm
