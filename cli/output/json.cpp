// SPDX-License-Identifier: Apache-2.0
#include "cli/output/json.h"

namespace teehost::cli {

double toSeconds(std::chrono::nanoseconds duration)
{
    return static_cast<double>(std::chrono::round<std::chrono::milliseconds>(duration).count()) / 1000.0;
}

void printJson(std::ostream& out, const Json& value, JsonForm form)
{
    constexpr bool kAsciiOnly = true;
    out << value.dump(form == JsonForm::Indented ? 2 : -1, ' ', kAsciiOnly, Json::error_handler_t::replace)
        << "\n";
}

} // namespace teehost::cli
