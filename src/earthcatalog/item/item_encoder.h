// From an item's JSON text to a row of Arrow columns.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/item/additions.h"
#include "earthcatalog/item/misfit.h"

namespace earthcatalog::item {

// Why a text is not an item: `kind` as in reports ("invalid_json", "not_an_item", "bad_geometry"), `message`,
// one line, names the JSON path. A key that is twice in one object, or nesting beyond 500 levels, is
// "invalid_json": readers do not agree on what such a text says.
struct Rejection {
  std::string kind;
  std::string message;
};

struct EncodedItems {
  // One row per accepted item, in the order of Append(); the columns of the encoder's schema but for
  // those of IsRowColumn().
  std::shared_ptr<arrow::RecordBatch> rows;
  // What columns the items would have had if the schema were theirs to choose, without those that it has: to
  // Evolve() the schema by, which may leave all of it out. Null when there are none. Values without a column
  // are in the overflow column of `rows`, except in a schema that has none: then it is among the additions,
  // and the rows are not to be written before it is there.
  std::shared_ptr<const Additions> additions;
  // Whether the overflow has values that another schema might have a column for. If not, nothing would change
  // place in a schema that has these columns and more.
  bool unplaced = false;
  // Whether every value that tells a type has a column, and of its kind: then the items have nothing to add
  // to what this schema grew by, in whatever order it grew.
  bool at_home = true;
  // In the order of the rows. Those without a column are so in this schema.
  std::vector<MisfitOfRow> misfits;
};

// One thread at a time; reusable after Finish(). Follows the given schema: where a column is a string and the
// value an object or list, it writes JSON text (and keeps the value in overflow too, unless the column is one
// that is JSON text throughout in older tables: assets, links, bbox, stac_extensions).
class ItemEncoder {
 public:
  virtual ~ItemEncoder() = default;

  // Parses, validates and appends one item; or changes nothing and says why not.
  virtual std::optional<Rejection> Append(std::string_view json) = 0;

  // Errors: more than 512 MiB of JSON since the last Finish() (Arrow's offsets have 32 bits); out of memory.
  virtual Result<EncodedItems> Finish() = 0;
};

// `schema`: as item_schema.h describes, or that of an older table.
Result<std::unique_ptr<ItemEncoder>> MakeItemEncoder(std::shared_ptr<arrow::Schema> schema);

}  // namespace earthcatalog::item
