// The bounding box: a list of numbers in JSON, a struct of them in the table, as stac-geoparquet and the
// covering of GeoParquet have it.
#include <array>
#include <optional>
#include <span>

#include "earthcatalog/item/column.h"
#include "earthcatalog/item/column_buffers.h"

namespace earthcatalog::item {
namespace {

constexpr size_t kSides = 4;
constexpr std::array<std::string_view, kSides> kSideNames = {"xmin", "ymin", "xmax", "ymax"};
constexpr size_t kMaxNumbers = 6;

class BboxColumn : public Column {
 public:
  using Column::Column;

  // Four numbers are the column's; of six it has those that are not heights, and all six are kept as well.
  Fit Append(Scan* scan) override {
    std::array<double, kMaxNumbers> numbers;
    if (scan->reader.Peek() != '[') return AppendNull();
    size_t count = 0;
    bool exact = true;
    scan->reader.EnterArray();
    while (scan->reader.NextElement()) {
      if (count == kMaxNumbers || !scan->reader.at_number()) return AppendNull();
      if (!ReadInto(&numbers[count++], &exact, scan)) return AppendNull();
    }
    if (scan->reader.failed()) return Fit::kError;
    if (count == kSides) {
      Store(numbers[0], numbers[1], numbers[2], numbers[3]);
      return exact ? Fit::kStored : Fit::kKept;
    }
    if (count != kMaxNumbers) return AppendNull();
    Store(numbers[0], numbers[1], numbers[3], numbers[4]);
    return Fit::kKept;
  }

  void PadTo(int64_t rows) override {
    valid_.resize(static_cast<size_t>(rows));
    for (auto& side : sides_) side.resize(static_cast<size_t>(rows));
  }
  void Truncate(int64_t rows) override {
    if (rows < size()) PadTo(rows);
  }

 protected:
  Status FinishValues(arrow::ArrayData* data) override {
    for (const auto& field : field_->type()->fields()) {
      auto side =
          arrow::ArrayData::Make(field->type(), data->length, {data->buffers[0], nullptr}, data->null_count);
      for (size_t i = 0; i < kSides; ++i) {
        if (field->name() != kSideNames[i]) continue;
        ARROW_ASSIGN_OR_RAISE(side->buffers[1], CopyToBuffer(std::span<const double>(sides_[i])));
      }
      data->child_data.push_back(std::move(side));
    }
    for (auto& side : sides_) side.clear();
    return Status::OK();
  }

 private:
  static bool ReadInto(double* side, bool* exact, Scan* scan) {
    JsonNumber number;
    const auto value = scan->reader.ReadNumber(&number) ? number.AsDouble() : std::nullopt;
    *side = value.value_or(0);
    *exact = *exact && number.Means(*side);
    return value.has_value();
  }

  void Store(double xmin, double ymin, double xmax, double ymax) {
    valid_.push_back(1);
    sides_[0].push_back(xmin);
    sides_[1].push_back(ymin);
    sides_[2].push_back(xmax);
    sides_[3].push_back(ymax);
  }

  std::array<std::vector<double>, kSides> sides_;
};

bool IsBboxStruct(const arrow::DataType& type) {
  if (type.id() != arrow::Type::STRUCT || type.num_fields() != static_cast<int>(kSides)) return false;
  const auto& fields = static_cast<const arrow::StructType&>(type);
  for (const auto name : kSideNames) {
    const auto field = fields.GetFieldByName(std::string(name));
    if (field == nullptr || field->type()->id() != arrow::Type::DOUBLE) return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<Column> MakeBboxColumn(const std::shared_ptr<arrow::Field>& field) {
  if (IsBboxStruct(*field->type())) return std::make_unique<BboxColumn>(field);
  return MakeColumn(field);
}

}  // namespace earthcatalog::item
