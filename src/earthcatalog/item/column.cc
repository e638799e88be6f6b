#include "earthcatalog/item/column.h"

#include <arrow/array/array_base.h>
#include <arrow/array/util.h>

#include <algorithm>
#include <span>

#include "earthcatalog/item/column_buffers.h"

namespace earthcatalog::item {
namespace {

// For a type that no JSON value has (a date, a map in somebody else's table): nulls, and the value in
// overflow.
class NullColumn : public Column {
 public:
  using Column::Column;
  Fit Append(Scan*) override { return AppendNull(); }
  void PadTo(int64_t rows) override { valid_.resize(static_cast<size_t>(rows)); }
  void Truncate(int64_t rows) override { valid_.resize(std::min(valid_.size(), static_cast<size_t>(rows))); }

 protected:
  Status FinishValues(arrow::ArrayData* data) override {
    ARROW_ASSIGN_OR_RAISE(const auto nulls, arrow::MakeArrayOfNull(field_->type(), data->length));
    *data = *nulls->data();
    return Status::OK();
  }
};

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> PackBits(std::span<const uint8_t> bytes) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(static_cast<int64_t>(bytes.size() + 7) / 8));
  uint8_t* packed = buffer->mutable_data();
  for (size_t i = 0; i < bytes.size(); i += 8) {
    uint8_t bits = 0;
    const size_t count = std::min<size_t>(8, bytes.size() - i);
    for (size_t bit = 0; bit < count; ++bit) bits |= static_cast<uint8_t>((bytes[i + bit] != 0) << bit);
    *packed++ = bits;
  }
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<std::shared_ptr<arrow::Buffer>> OffsetsFromEnds(std::span<const int32_t> ends) {
  ARROW_ASSIGN_OR_RAISE(auto buffer,
                        arrow::AllocateBuffer(static_cast<int64_t>(ends.size_bytes() + sizeof(int32_t))));
  uint8_t* offsets = buffer->mutable_data();
  std::memset(offsets, 0, sizeof(int32_t));
  if (!ends.empty()) std::memcpy(offsets + sizeof(int32_t), ends.data(), ends.size_bytes());
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<std::shared_ptr<arrow::ArrayData>> Column::Finish(int64_t rows) {
  if (size() == 0) {
    ARROW_ASSIGN_OR_RAISE(const auto nulls, arrow::MakeArrayOfNull(field_->type(), rows));
    return nulls->data();
  }
  PadTo(rows);
  auto data = arrow::ArrayData::Make(field_->type(), rows, {nullptr});
  data->null_count = std::count(valid_.begin(), valid_.end(), uint8_t{0});
  if (data->null_count > 0) {
    ARROW_ASSIGN_OR_RAISE(data->buffers[0], PackBits(valid_));
  }
  ARROW_RETURN_NOT_OK(FinishValues(data.get()));
  valid_.clear();
  return data;
}

void BytesColumn::PadTo(int64_t rows) {
  valid_.resize(static_cast<size_t>(rows));
  ends_.resize(static_cast<size_t>(rows), static_cast<int32_t>(bytes_.size()));
}

void BytesColumn::Truncate(int64_t rows) {
  if (rows < size()) {
    valid_.resize(static_cast<size_t>(rows));
    ends_.resize(static_cast<size_t>(rows));
  }
  bytes_.resize(ends_.empty() ? 0 : static_cast<size_t>(ends_.back()));
}

std::string_view BytesColumn::BytesOf(int64_t row) const {
  const auto index = static_cast<size_t>(row);
  if (row >= size() || valid_[index] == 0) return {};
  const auto begin = row == 0 ? size_t{0} : static_cast<size_t>(ends_[index - 1]);
  return std::string_view(bytes_).substr(begin, static_cast<size_t>(ends_[index]) - begin);
}

void BytesColumn::EndRow() {
  valid_.push_back(1);
  ends_.push_back(static_cast<int32_t>(bytes_.size()));
}

Status BytesColumn::FinishValues(arrow::ArrayData* data) {
  ARROW_ASSIGN_OR_RAISE(auto offsets, OffsetsFromEnds(ends_));
  ARROW_ASSIGN_OR_RAISE(auto bytes, CopyToBuffer(std::span<const char>(bytes_)));
  data->buffers.push_back(std::move(offsets));
  data->buffers.push_back(std::move(bytes));
  ends_.clear();
  bytes_.clear();
  return Status::OK();
}

std::unique_ptr<Column> MakeColumn(const std::shared_ptr<arrow::Field>& field, bool in_list) {
  if (field->type()->id() == arrow::Type::STRUCT) return MakeStructColumn(field, in_list);
  if (field->type()->id() == arrow::Type::LIST) return MakeListColumn(field);
  if (auto column = MakeScalarColumn(field)) return column;
  return std::make_unique<NullColumn>(field);
}

}  // namespace earthcatalog::item
