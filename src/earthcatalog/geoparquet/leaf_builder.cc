#include "earthcatalog/geoparquet/leaf_builder.h"

#include <arrow/array/array_base.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace earthcatalog::geoparquet {
namespace {

using arrow::Type;

int WidthOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return 1;
    case Type::INT32:
    case Type::FLOAT:
    case Type::DATE32:
      return 4;
    case Type::INT64:
    case Type::DOUBLE:
    case Type::TIMESTAMP:
      return 8;
    case Type::STRING:
    case Type::BINARY:
      return 0;
    default:
      return -1;
  }
}

Result<uint8_t*> AddBuffer(int64_t bytes, arrow::BufferVector* buffers) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(bytes));
  uint8_t* const data = buffer->mutable_data();
  buffers->push_back(std::move(buffer));
  return data;
}

// `values` one after the other into the slots that have one; zeros into the others.
template <typename T>
void Spread(const uint8_t* values, int64_t slots, const uint8_t* valid, uint8_t* out) {
  for (int64_t i = 0; i < slots; ++i, out += sizeof(T)) {
    if (valid[i] == 0) {
      std::memset(out, 0, sizeof(T));
    } else {
      std::memcpy(out, values, sizeof(T));
      values += sizeof(T);
    }
  }
}

void SpreadEnds(const int32_t* ends, int64_t slots, const uint8_t* valid, int32_t* offsets) {
  int32_t end = 0;
  *offsets++ = 0;
  for (int64_t i = 0; i < slots; ++i) {
    if (valid == nullptr || valid[i] != 0) end = *ends++;
    *offsets++ = end;
  }
}

void PackBits(const uint8_t* bytes, int64_t count, uint8_t* bits) {
  std::memset(bits, 0, static_cast<size_t>(arrow::bit_util::BytesForBits(count)));
  for (int64_t i = 0; i < count; ++i) bits[i / 8] |= static_cast<uint8_t>((bytes[i] & 1) << (i % 8));
}

}  // namespace

LeafBuilder::LeafBuilder(std::shared_ptr<arrow::DataType> type, Levels levels)
    : type_(std::move(type)), levels_(std::move(levels)), width_(WidthOf(*type_)) {}

void LeafBuilder::AppendNullRows(int64_t count) {
  AppendDefinition(0, count);
  if (levels_.repetition > 0) AppendRepetition(0, count);
}

void LeafBuilder::AppendNullsBeside(const LeafBuilder& other, int64_t first, uint8_t repetition,
                                    uint8_t definition) {
  const bool repeated = other.levels_.repetition > 0;
  for (auto i = static_cast<size_t>(first); i < other.definition_.size(); ++i) {
    const uint8_t level = repeated ? other.repetition_[i] : uint8_t{0};
    if (level > repetition) continue;
    definition_.push_back(std::min(other.definition_[i], definition));
    if (levels_.repetition > 0) repetition_.push_back(level);
  }
}

bool LeafBuilder::ReserveValues(int64_t count, int64_t text_bytes) {
  if (width_ > 0) return values_.Reserve(count * width_).ok();
  if (width_ < 0 || text_bytes > std::numeric_limits<int32_t>::max() - values_.length()) return false;
  // One more: so that there is a place to copy an empty text to.
  return values_.Reserve(text_bytes + 1).ok() && ends_.Reserve(count).ok();
}

void LeafBuilder::Mark() {
  marked_entries_ = definition_.size();
  marked_repetitions_ = repetition_.size();
  marked_values_ = values_.length();
  marked_ends_ = ends_.length();
}

void LeafBuilder::Rewind() {
  definition_.resize(marked_entries_);
  repetition_.resize(marked_repetitions_);
  values_.Rewind(marked_values_);
  ends_.bytes_builder()->Rewind(marked_ends_ * static_cast<int64_t>(sizeof(int32_t)));
}

void LeafBuilder::Clear() {
  definition_ = {};
  repetition_ = {};
  values_.Reset();
  ends_.Reset();
}

Result<std::shared_ptr<arrow::ArrayData>> LeafBuilder::Finish() {
  const uint8_t element = levels_.elements.empty() ? uint8_t{0} : levels_.elements.back();
  const int64_t slots = levels_.elements.empty()
                            ? entries()
                            : std::count_if(definition_.begin(), definition_.end(),
                                            [&](uint8_t level) { return level >= element; });
  if (width_ < 0) {
    ARROW_ASSIGN_OR_RAISE(const auto nulls, arrow::MakeArrayOfNull(type_, slots));
    return nulls->data();
  }
  // From here on `definition_` says of each slot whether it has a value.
  auto slot = definition_.begin();
  for (const uint8_t level : definition_) {
    if (level >= element) *slot++ = level == levels_.definition ? 1 : 0;
  }
  const auto data = arrow::ArrayData::Make(type_, slots, {nullptr}, 0);
  const uint8_t* const valid = definition_.data();
  const int64_t nulls = slots - values();
  // Nobody sees the nulls of a column that must not have any: something above it is null.
  if (nulls > 0 && levels_.nullable) {
    data->null_count = nulls;
    data->buffers.clear();
    ARROW_ASSIGN_OR_RAISE(uint8_t* const bits,
                          AddBuffer(arrow::bit_util::BytesForBits(slots), &data->buffers));
    PackBits(valid, slots, bits);
  }
  ARROW_RETURN_NOT_OK(FinishValues(slots, nulls > 0 ? valid : nullptr, &data->buffers));
  return data;
}

Status LeafBuilder::FinishValues(int64_t slots, const uint8_t* valid, arrow::BufferVector* buffers) {
  std::shared_ptr<arrow::Buffer> values, ends;
  ARROW_RETURN_NOT_OK(values_.Finish(&values));
  ARROW_RETURN_NOT_OK(ends_.Finish(&ends));
  if (width_ == 0) {
    ARROW_ASSIGN_OR_RAISE(uint8_t* const offsets,
                          AddBuffer((slots + 1) * static_cast<int64_t>(sizeof(int32_t)), buffers));
    SpreadEnds(reinterpret_cast<const int32_t*>(ends->data()), slots, valid,
               reinterpret_cast<int32_t*>(offsets));
    buffers->push_back(std::move(values));
    return Status::OK();
  }
  if (valid != nullptr) {
    arrow::BufferVector spread;
    ARROW_ASSIGN_OR_RAISE(uint8_t* const out, AddBuffer(slots * width_, &spread));
    const auto spread_values = width_ == 8 ? Spread<int64_t> : width_ == 4 ? Spread<int32_t> : Spread<int8_t>;
    spread_values(values->data(), slots, valid, out);
    values = std::move(spread[0]);
  }
  if (type_->id() != Type::BOOL) {
    buffers->push_back(std::move(values));
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(uint8_t* const bits, AddBuffer(arrow::bit_util::BytesForBits(slots), buffers));
  PackBits(values->data(), slots, bits);
  return Status::OK();
}

}  // namespace earthcatalog::geoparquet
