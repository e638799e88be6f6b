// Columns of JSON text, as tables of earthcatalog <= 0.6 have them for `assets`, `links`, `bbox` and
// `stac_extensions`.
#pragma once

#include <arrow/array.h>

#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"
#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {

// Whether items have an object or a list in the member of this name.
bool IsStructuredMember(std::string_view name);

// One text after the other. One thread at a time.
class NullMemberRemover {
 public:
  // Appends the text without the members of objects, at any depth, that are null, and without white space
  // between tokens: never more than the text. kCorrupt when it is not JSON.
  Status Append(std::string_view text, std::string* out);

 private:
  JsonReader reader_;
};

// The same of each text.
Result<std::shared_ptr<arrow::Array>> WithoutNullMembers(const arrow::StringArray& texts);

}  // namespace earthcatalog::item
