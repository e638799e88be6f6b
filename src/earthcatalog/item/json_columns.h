// Columns of JSON text, as tables of earthcatalog <= 0.6 have them for `assets`, `links`, `bbox` and
// `stac_extensions`.
#pragma once

#include <arrow/array.h>

#include <memory>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

// Whether items have an object or a list in the member of this name.
bool IsStructuredMember(std::string_view name);

// The texts without the members of objects, at any depth, that are null. kCorrupt when one is not JSON.
Result<std::shared_ptr<arrow::Array>> WithoutNullMembers(const arrow::StringArray& texts);

}  // namespace earthcatalog::item
