#include "earthcatalog/grid/assign_rows.h"

#include <string_view>

namespace earthcatalog::grid {
namespace {

// The west and east columns of the items' bboxes.
class BboxColumns {
 public:
  static Result<BboxColumns> Make(const arrow::StructArray* bbox) {
    BboxColumns columns;
    if (bbox == nullptr) return columns;
    columns.bbox_ = bbox;
    columns.west_ = std::dynamic_pointer_cast<arrow::DoubleArray>(bbox->GetFieldByName("xmin"));
    columns.east_ = std::dynamic_pointer_cast<arrow::DoubleArray>(bbox->GetFieldByName("xmax"));
    if (!columns.west_ || !columns.east_)
      return Status::Invalid("bbox must be a struct with the doubles xmin and xmax, not ",
                             bbox->type()->ToString());
    return columns;
  }

  std::optional<LongitudeBounds> At(int64_t row) const {
    if (bbox_ == nullptr || bbox_->IsNull(row) || west_->IsNull(row) || east_->IsNull(row))
      return std::nullopt;
    return LongitudeBounds{west_->Value(row), east_->Value(row)};
  }

 private:
  const arrow::StructArray* bbox_ = nullptr;
  std::shared_ptr<arrow::DoubleArray> west_, east_;
};

Status Append(std::string_view wkb, std::optional<LongitudeBounds> bbox, const CoverFunction& cover,
              uint32_t row, CellAssignments* assignments) {
  ARROW_ASSIGN_OR_RAISE(const Geometry geometry, ParseWkb(wkb));
  ARROW_ASSIGN_OR_RAISE(const Cover covered, cover(geometry, bbox));
  assignments->cells.insert(assignments->cells.end(), covered.cells->begin(), covered.cells->end());
  if (covered.touched != 0) assignments->wide.push_back({row, covered.touched});
  return Status::OK();
}

}  // namespace

Result<CellAssignments> AssignRows(const arrow::BinaryArray& geometry, const arrow::StructArray* bbox,
                                   const CoverFunction& cover) {
  ARROW_ASSIGN_OR_RAISE(const BboxColumns bboxes, BboxColumns::Make(bbox));
  if (bbox != nullptr && bbox->length() != geometry.length())
    return Status::Invalid("geometry and bbox differ in length");
  CellAssignments assignments;
  assignments.offsets.reserve(static_cast<size_t>(geometry.length()) + 1);
  assignments.offsets.push_back(0);
  for (int64_t row = 0; row < geometry.length(); ++row) {
    const size_t before = assignments.cells.size();
    if (!geometry.IsNull(row)) {
      const Status status =
          Append(geometry.GetView(row), bboxes.At(row), cover, static_cast<uint32_t>(row), &assignments);
      if (!status.ok())
        assignments.rejected.push_back({static_cast<uint32_t>(row), "bad_geometry", status.message()});
    }
    if (assignments.cells.size() == before) assignments.cells.push_back(kNoCell);
    assignments.offsets.push_back(static_cast<uint32_t>(assignments.cells.size()));
  }
  return assignments;
}

}  // namespace earthcatalog::grid
