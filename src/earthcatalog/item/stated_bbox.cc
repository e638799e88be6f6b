#include "earthcatalog/item/stated_bbox.h"

#include <arrow/builder.h>
#include <string.h>  // memmem

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::item {
namespace {

constexpr std::string_view kMember = "\"bbox\"";

template <typename ArrayType>
const ArrayType* ColumnOf(const arrow::RecordBatch& rows, std::string_view name) {
  return dynamic_cast<const ArrayType*>(rows.GetColumnByName(std::string(name)).get());
}

// Lists in each other and nothing else: [], [[]], …
bool IsNestOfLists(std::string_view text) {
  const size_t depth = text.size() / 2;
  return depth > 0 && text.size() % 2 == 0 && text.find_first_not_of('[') == depth &&
         text.find_first_not_of(']', depth) == std::string_view::npos;
}

// The member `bbox` of an object, which the reader is then at.
bool FindBbox(std::string_view object, JsonReader* reader) {
  // Rarely there, and quickly looked for.
  if (memmem(object.data(), object.size(), kMember.data(), kMember.size()) == nullptr) return false;
  reader->Start(object);
  for (reader->EnterObject(); reader->NextKey();) {
    if (reader->TakeKey("bbox")) return true;
    std::string_view name;
    if (!reader->ReadKey(&name) || !reader->Skip()) return false;
  }
  return false;
}

// The item's -0.0 is not the 0.0 of the column.
bool Same(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

}  // namespace

bool StatedBox::Says(const Envelope& envelope) const {
  return exact && Same(envelope.xmin, west) && Same(envelope.ymin, south) && Same(envelope.xmax, east) &&
         Same(envelope.ymax, north);
}

std::optional<StatedBox> ReadStatedBox(JsonReader* reader) {
  std::array<double, 6> numbers;
  size_t count = 0;
  bool exact = true;
  if (reader->Peek() != '[') return std::nullopt;
  for (reader->EnterArray(); reader->NextElement(); ++count) {
    JsonNumber number;
    if (count == numbers.size() || !reader->at_number() || !reader->ReadNumber(&number)) return std::nullopt;
    const auto value = number.AsDouble();
    if (!value) return std::nullopt;
    numbers[count] = *value;
    exact = exact && number.Means(*value);
  }
  if (reader->failed() || (count != 4 && count != 6)) return std::nullopt;
  const size_t half = count / 2;
  return StatedBox{numbers[0], numbers[1], numbers[half], numbers[half + 1], exact && count == 4};
}

std::string OverflowTextOf(std::string_view stated) {
  if (stated.empty()) return "null";
  if (stated == "null") return "[]";
  return IsNestOfLists(stated) ? "[" + std::string(stated) + "]" : std::string(stated);
}

std::string_view StatedTextOf(std::string_view rest) {
  if (rest == "null") return {};
  if (rest == "[]") return "null";
  return IsNestOfLists(rest) ? rest.substr(1, rest.size() - 2) : rest;
}

StatedBoxes::StatedBoxes(const arrow::RecordBatch& rows)
    : length_(rows.num_rows()),
      overflow_(ColumnOf<arrow::StringArray>(rows, kOverflow)),
      texts_(ColumnOf<arrow::StringArray>(rows, "bbox")),
      column_(ColumnOf<arrow::StructArray>(rows, "bbox")) {
  constexpr std::array<const char*, 4> kSides = {"xmin", "ymin", "xmax", "ymax"};
  for (size_t i = 0; column_ != nullptr && i < kSides.size(); ++i) {
    sides_[i] = std::dynamic_pointer_cast<arrow::DoubleArray>(column_->GetFieldByName(kSides[i]));
    if (sides_[i] == nullptr) column_ = nullptr;
  }
}

std::optional<StatedBox> StatedBoxes::At(int64_t row) const {
  JsonReader reader;
  if (overflow_ != nullptr && overflow_->IsValid(row) && FindBbox(overflow_->GetView(row), &reader)) {
    return ReadStatedBox(&reader);
  }
  return OfColumn(row);
}

std::optional<StatedBox> StatedBoxes::OfColumn(int64_t row) const {
  if (texts_ != nullptr && texts_->IsValid(row)) {
    JsonReader reader(texts_->GetView(row));
    return ReadStatedBox(&reader);
  }
  if (column_ == nullptr || column_->IsNull(row)) return std::nullopt;
  for (const auto& side : sides_) {
    if (side->IsNull(row)) return std::nullopt;
  }
  return StatedBox{sides_[0]->Value(row), sides_[1]->Value(row), sides_[2]->Value(row), sides_[3]->Value(row),
                   true};
}

std::optional<LongitudeBounds> StatedBoxes::LongitudesAt(int64_t row) const {
  const auto box = At(row);
  return box ? std::optional(LongitudeBounds{box->west, box->east}) : std::nullopt;
}

Result<std::shared_ptr<arrow::StructArray>> StatedBoxes::Longitudes() const {
  const auto number = arrow::float64();
  arrow::DoubleBuilder west, east;
  for (int64_t row = 0; row < length_; ++row) {
    const auto box = LongitudesAt(row);
    ARROW_RETURN_NOT_OK(box ? west.Append(box->west) : west.AppendNull());
    ARROW_RETURN_NOT_OK(box ? east.Append(box->east) : east.AppendNull());
  }
  ARROW_ASSIGN_OR_RAISE(auto west_array, west.Finish());
  ARROW_ASSIGN_OR_RAISE(auto east_array, east.Finish());
  return arrow::StructArray::Make({std::move(west_array), std::move(east_array)},
                                  std::vector<std::string>{"xmin", "xmax"});
}

}  // namespace earthcatalog::item
