#include "earthcatalog/item/mend_boxes.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "earthcatalog/item/bbox_column.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/object_text.h"
#include "earthcatalog/item/stated_bbox.h"

namespace earthcatalog::item {
namespace {

constexpr std::array<const char*, 4> kSides = {"xmin", "ymin", "xmax", "ymax"};

template <typename ArrayType>
std::shared_ptr<ArrayType> ColumnOf(const arrow::RecordBatch& rows, std::string_view name) {
  return std::dynamic_pointer_cast<ArrayType>(rows.GetColumnByName(std::string(name)));
}

class Mender {
 public:
  Mender(const arrow::RecordBatch& rows, std::shared_ptr<arrow::StructArray> boxes)
      : geometries_(ColumnOf<arrow::BinaryArray>(rows, "geometry")),
        overflow_(ColumnOf<arrow::StringArray>(rows, kOverflow)),
        boxes_(std::move(boxes)),
        stated_(rows) {
    for (size_t i = 0; i < kSides.size(); ++i) {
      columns_[i] = std::static_pointer_cast<arrow::DoubleArray>(boxes_->GetFieldByName(kSides[i]));
    }
  }

  Status Add(int64_t row) {
    ARROW_ASSIGN_OR_RAISE(const auto envelope, EnvelopeAt(row));
    Remainder rest;
    ARROW_RETURN_NOT_OK(rest.Read(OverflowAt(row)));
    const std::string stated = StatedText(row, rest.Take("bbox"));
    const bool same = !changed_ && IsSame(row, envelope);
    ARROW_RETURN_NOT_OK(AppendBox(envelope));
    ARROW_RETURN_NOT_OK(AppendOverflow(rest, BesideColumn(envelope, stated)));
    changed_ = changed_ || !same;
    return Status::OK();
  }

  bool changed() const { return changed_; }

  // The columns `bbox` and `_overflow`.
  Result<std::pair<std::shared_ptr<arrow::Array>, std::shared_ptr<arrow::Array>>> Finish() {
    arrow::ArrayVector sides;
    for (const auto& field : boxes_->type()->fields()) {
      for (size_t i = 0; i < kSides.size(); ++i) {
        if (field->name() == kSides[i]) ARROW_RETURN_NOT_OK(sides_[i].Finish().Value(&sides.emplace_back()));
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto valid, valid_.Finish());
    const auto bits = std::static_pointer_cast<arrow::BooleanArray>(valid)->values();
    ARROW_ASSIGN_OR_RAISE(auto boxes, arrow::StructArray::Make(sides, boxes_->type()->fields(), bits));
    ARROW_ASSIGN_OR_RAISE(auto overflow, overflow_texts_.Finish());
    return std::pair<std::shared_ptr<arrow::Array>, std::shared_ptr<arrow::Array>>(std::move(boxes),
                                                                                   std::move(overflow));
  }

 private:
  std::string_view OverflowAt(int64_t row) const {
    return overflow_ == nullptr || overflow_->IsNull(row) ? std::string_view() : overflow_->GetView(row);
  }

  Result<std::optional<Envelope>> EnvelopeAt(int64_t row) const {
    if (geometries_ == nullptr || geometries_->IsNull(row)) return std::nullopt;
    const std::string_view wkb = geometries_->GetView(row);
    ARROW_ASSIGN_OR_RAISE(const GeometryBounds bounds, BoundsOfWkb(wkb));
    if (bounds.empty) return std::nullopt;
    return EnvelopeOf(wkb, bounds, IsPlain(bounds) ? std::nullopt : stated_.LongitudesAt(row));
  }

  // What the item states, as JSON; empty for nothing. `rest`: what the overflow has of it.
  std::string StatedText(int64_t row, std::string_view rest) const {
    if (!rest.empty()) return std::string(boxes_->IsValid(row) ? StatedTextOf(rest) : rest);
    if (boxes_->IsNull(row)) return {};
    std::string text;
    for (const auto& side : columns_) {
      text += text.empty() ? "[" : ",";
      // GeoPandas writes NaN where a geometry is empty.
      if (side->IsNull(row) || !std::isfinite(side->Value(row))) return {};
      AppendJsonNumber(side->Value(row), &text);
    }
    return text + "]";
  }

  // What the overflow is to have of it.
  static std::string BesideColumn(const std::optional<Envelope>& envelope, const std::string& stated) {
    if (!envelope) return stated;
    if (stated.empty()) return OverflowTextOf({});
    JsonReader reader(stated);
    const auto box = ReadStatedBox(&reader);
    if (!box) return OverflowTextOf(stated);
    return box->Says(*envelope) ? std::string() : stated;
  }

  bool IsSame(int64_t row, const std::optional<Envelope>& envelope) const {
    if (!envelope || boxes_->IsNull(row)) return !envelope && boxes_->IsNull(row);
    const std::array<double, 4> sides = {envelope->xmin, envelope->ymin, envelope->xmax, envelope->ymax};
    for (size_t i = 0; i < sides.size(); ++i) {
      if (columns_[i]->IsNull(row) || columns_[i]->Value(row) != sides[i]) return false;
    }
    return true;
  }

  Status AppendBox(const std::optional<Envelope>& envelope) {
    ARROW_RETURN_NOT_OK(valid_.Append(envelope.has_value()));
    const Envelope box = envelope.value_or(Envelope{});
    ARROW_RETURN_NOT_OK(sides_[0].Append(box.xmin));
    ARROW_RETURN_NOT_OK(sides_[1].Append(box.ymin));
    ARROW_RETURN_NOT_OK(sides_[2].Append(box.xmax));
    return sides_[3].Append(box.ymax);
  }

  Status AppendOverflow(const Remainder& rest, const std::string& bbox) {
    std::string text;
    ObjectWriter writer(&text);
    writer.AddRest(rest);
    if (!bbox.empty()) writer.Add("bbox", bbox);
    writer.End();
    return writer.empty() ? overflow_texts_.AppendNull() : overflow_texts_.Append(text);
  }

  const std::shared_ptr<arrow::BinaryArray> geometries_;
  const std::shared_ptr<arrow::StringArray> overflow_;
  const std::shared_ptr<arrow::StructArray> boxes_;
  std::array<std::shared_ptr<arrow::DoubleArray>, 4> columns_;
  const StatedBoxes stated_;
  bool changed_ = false;
  std::array<arrow::DoubleBuilder, 4> sides_;
  arrow::BooleanBuilder valid_;
  arrow::StringBuilder overflow_texts_;
};

Status CheckGeometry(const arrow::BinaryArray* geometries, int64_t row) {
  if (geometries == nullptr || geometries->IsNull(row)) return Status::OK();
  return BoundsOfWkb(geometries->GetView(row)).status();
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> MendBoxes(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                      const std::function<int64_t(int64_t row)>& number_of) {
  const auto name = [&](const Status& status, int64_t row) {
    return WithContext(status, fmt::format("row {}", number_of ? number_of(row) : row));
  };
  const auto boxes = ColumnOf<arrow::StructArray>(*rows, "bbox");
  const int overflow = rows->schema()->GetFieldIndex(std::string(kOverflow));
  if (boxes == nullptr || !IsBboxStruct(*boxes->type()) || overflow < 0) {
    const auto geometries = ColumnOf<arrow::BinaryArray>(*rows, "geometry");
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      const Status checked = CheckGeometry(geometries.get(), row);
      if (!checked.ok()) return name(checked, row);
    }
    return rows;
  }
  Mender mender(*rows, boxes);
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    const Status added = mender.Add(row);
    if (!added.ok()) return name(added, row);
  }
  if (!mender.changed()) return rows;
  ARROW_ASSIGN_OR_RAISE(const auto mended, mender.Finish());
  const int bbox = rows->schema()->GetFieldIndex("bbox");
  ARROW_ASSIGN_OR_RAISE(const auto with_boxes,
                        rows->SetColumn(bbox, rows->schema()->field(bbox), mended.first));
  return with_boxes->SetColumn(overflow, rows->schema()->field(overflow), mended.second);
}

}  // namespace earthcatalog::item
