// SPDX-License-Identifier: Apache-2.0
//
// A variable store is refused, or its variables lie within the file.
#include <teehost/kit/variable_store.h>

#include "tests/fuzz/refusal.h"

using namespace teehost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto store = fuzz::unlessInputError([&] { return kit::VariableStore::parse({data, size}); });
    if (!store)
        return 0;
    fuzz::require(store->size() * 60 <= size, "each variable has its header");
    for (const std::string_view name : {"PK", "KEK", "BootOrder"})
        if (const auto found = store->find(kit::kGlobalVariable, name); found && !found->empty())
            fuzz::require(found->data() >= data && found->data() + found->size() <= data + size,
                          "data lie within the file");
    const auto key = store->find(kit::kGlobalVariable, "PK");
    fuzz::require(!store->enforcesSecureBoot() || (key && !key->empty()),
                  "nothing is enforced without a key");
    return 0;
}
