// The bounding box: a list of numbers in JSON, a struct of them in the table, as stac-geoparquet and the
// covering of GeoParquet have it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "earthcatalog/item/column.h"
#include "earthcatalog/item/stated_bbox.h"

namespace earthcatalog::item {

// Has the envelope of the item's geometry, which is known when the whole item is read.
class BboxColumn : public Column {
 public:
  using Column::Column;

  void StartItem() {
    text_ = nullptr;
    stated_.reset();
  }
  // Reads what the item states, whatever it is, and goes behind it: kStored or kError.
  Fit Append(Scan* scan) override;
  // Ends the item: its row `row` becomes the envelope of `geometry`, or stays null where that is empty. What
  // it states goes to overflow if the column does not say it. kStored or kError.
  Fit EndItem(int64_t row, std::string_view geometry, Scan* scan);

  void PadTo(int64_t rows) override;
  void Truncate(int64_t rows) override;

 protected:
  Status FinishValues(arrow::ArrayData* data) override;

 private:
  std::optional<Envelope> EnvelopeOfItem(std::string_view geometry) const;
  Fit KeepStated(std::optional<Envelope> envelope, Scan* scan) const;

  const char* text_ = nullptr;  // what the item states; null for nothing
  std::optional<StatedBox> stated_;
  std::array<std::vector<double>, 4> sides_;
};

// A struct of the four sides.
bool IsBboxStruct(const arrow::DataType& type);

// Null where the field is no struct of the four sides.
std::unique_ptr<BboxColumn> MakeBboxColumn(const std::shared_ptr<arrow::Field>& field);

}  // namespace earthcatalog::item
