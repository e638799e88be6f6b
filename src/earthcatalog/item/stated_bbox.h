// The bbox as an item states it. The column `bbox` has the envelope of the footprint (base/envelope.h), which
// readers can compare with numbers; what the item states is kept in the overflow where it is another, and
// says how the footprint's long edges are meant.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/envelope.h"
#include "earthcatalog/base/status.h"
#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {

// A bbox without heights, as it is written: west > east across the antimeridian.
struct StatedBox {
  double west, south, east, north;
  bool exact;  // it was written as four numbers, and these say all of them

  // Whether the envelope gives it back, to the bit.
  bool Says(const Envelope& envelope) const;
};

// Of the value that the reader is at: nothing when that is no list of four or six numbers, or no JSON. The
// reader is then anywhere.
std::optional<StatedBox> ReadStatedBox(JsonReader* reader);

// What the overflow says of the bbox of a row whose column has an envelope: `null` for an item that states
// none. So what else could be a null is moved aside: null is written as [], [] as [[]], and so on.
std::string OverflowTextOf(std::string_view stated);
// The way back: the text that the item has, empty for none. `rest` is what the overflow says.
std::string_view StatedTextOf(std::string_view rest);

// The bboxes that the items of rows state, whatever layout their table has and whoever wrote their files:
// those of their overflow, else of the column.
class StatedBoxes {
 public:
  // `rows` outlives this.
  explicit StatedBoxes(const arrow::RecordBatch& rows);

  std::optional<StatedBox> At(int64_t row) const;
  // The part of it that tells how a footprint is meant.
  std::optional<LongitudeBounds> LongitudesAt(int64_t row) const;

  // struct{xmin, xmax} of all rows, as the grid takes it.
  Result<std::shared_ptr<arrow::StructArray>> Longitudes() const;

 private:
  std::optional<StatedBox> OfColumn(int64_t row) const;

  const int64_t length_;
  const arrow::StringArray* overflow_ = nullptr;
  const arrow::StringArray* texts_ = nullptr;  // the column of earthcatalog <= 0.6
  const arrow::StructArray* column_ = nullptr;
  std::shared_ptr<arrow::DoubleArray> sides_[4];
};

}  // namespace earthcatalog::item
