// Rows of random nested columns, with whatever Arrow allows below a null.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "unit/geoparquet/example_rows.h"

namespace earthcatalog::geoparquet {

class RandomRows {
 public:
  explicit RandomRows(uint32_t seed) : random_(seed) {}

  std::shared_ptr<arrow::RecordBatch> Make() {
    arrow::FieldVector fields = {arrow::field("geometry", arrow::binary())};
    const int columns = 1 + Below(5);
    for (int i = 0; i < columns; ++i)
      fields.push_back(arrow::field("c" + std::to_string(i), RandomType(0), Chance(4)));
    const auto schema = WithIds(fields);
    const int64_t count = 1 + Below(Chance(3) ? 60 : 6);
    arrow::ArrayVector arrays = {GeometryColumn(std::vector<std::string>(static_cast<size_t>(count)))};
    for (int i = 1; i < schema->num_fields(); ++i) arrays.push_back(RandomArray(*schema->field(i), count));
    const auto rows = arrow::RecordBatch::Make(schema, count, arrays);
    const int64_t first = Below(static_cast<int>(count));
    return rows->Slice(first, 1 + Below(static_cast<int>(count - first)));
  }

 protected:
  int Below(int limit) { return static_cast<int>(random_() % static_cast<uint32_t>(limit)); }
  bool Chance(int of) { return Below(of) != 0; }

  std::shared_ptr<arrow::DataType> RandomType(int depth) {
    switch (Below(depth < 4 ? 9 : 6)) {
      case 0:
        return arrow::utf8();
      case 1:
        return arrow::boolean();
      case 2:
        return arrow::int32();
      case 3:
        return arrow::float64();
      case 4:
        return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
      case 5:
        return arrow::binary();
      case 6:
        return arrow::list(arrow::field("element", RandomType(depth + 1), Chance(3)));
      default: {
        arrow::FieldVector children;
        for (int i = Below(3); i >= 0; --i) {
          children.push_back(arrow::field("f" + std::to_string(i), RandomType(depth + 1), Chance(3)));
        }
        return arrow::struct_(children);
      }
    }
  }

  // A bitmap and its null count; none at all for a required field and sometimes for an optional one.
  std::shared_ptr<arrow::Buffer> RandomValidity(const arrow::Field& field, int64_t count) {
    if (!field.nullable() || !Chance(4)) return nullptr;
    auto bits = arrow::AllocateEmptyBitmap(count + 1).ValueOrDie();
    const int nulls = 1 + Below(4);
    for (int64_t i = 0; i < count; ++i) {
      if (Chance(nulls)) arrow::bit_util::SetBit(bits->mutable_data(), i);
    }
    return bits;
  }

  std::shared_ptr<arrow::Buffer> RandomBytes(int64_t count) {
    std::string bytes(static_cast<size_t>(count), '\0');
    for (char& byte : bytes) byte = static_cast<char>('a' + Below(26));
    return arrow::Buffer::FromString(std::move(bytes));
  }

  // Ascending offsets into something: also the null entries have a range of their own.
  std::shared_ptr<arrow::Buffer> RandomOffsets(int64_t count, int32_t* end) {
    std::vector<int32_t> offsets = {Below(3)};
    for (int64_t i = 0; i < count; ++i) offsets.push_back(offsets.back() + Below(4));
    *end = offsets.back() + Below(3);
    return arrow::Buffer::FromVector(std::move(offsets));
  }

  std::shared_ptr<arrow::Array> RandomArray(const arrow::Field& field, int64_t length) {
    const int64_t offset = Below(4);
    const int64_t count = offset + length;
    const auto validity = RandomValidity(field, count);
    auto data = arrow::ArrayData::Make(field.type(), length, {validity}, arrow::kUnknownNullCount, offset);
    int32_t end = 0;
    switch (field.type()->id()) {
      case arrow::Type::STRUCT:
        for (const auto& child : field.type()->fields())
          data->child_data.push_back(RandomArray(*child, count)->data());
        break;
      case arrow::Type::LIST:
        data->buffers.push_back(RandomOffsets(count, &end));
        data->child_data.push_back(RandomArray(*field.type()->field(0), end)->data());
        break;
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        data->buffers.push_back(RandomOffsets(count, &end));
        data->buffers.push_back(RandomBytes(end));
        break;
      default:
        data->buffers.push_back(RandomBytes(count * 8));
    }
    return arrow::MakeArray(data);
  }

  std::mt19937 random_;
};

}  // namespace earthcatalog::geoparquet
