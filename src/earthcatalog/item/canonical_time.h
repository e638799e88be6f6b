#pragma once

#include <string_view>

namespace earthcatalog::item {

// Whether FormatRfc3339 gives this very text for the instant it denotes. `text` is one that ParseRfc3339
// takes. (Formatting it to see costs as much as all else done for a timestamp.)
bool IsCanonicalTime(std::string_view text);

}  // namespace earthcatalog::item
