// From the growing vectors of a column to Arrow buffers of the right size.
#pragma once

#include <arrow/buffer.h>

#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

template <typename T>
Result<std::shared_ptr<arrow::Buffer>> CopyToBuffer(std::span<const T> values) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(static_cast<int64_t>(values.size_bytes())));
  if (!values.empty()) std::memcpy(buffer->mutable_data(), values.data(), values.size_bytes());
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

// One bit for each byte that is not 0.
Result<std::shared_ptr<arrow::Buffer>> PackBits(std::span<const uint8_t> bytes);

// Row ends as Arrow's offsets: a 0 before them.
Result<std::shared_ptr<arrow::Buffer>> OffsetsFromEnds(std::span<const int32_t> ends);

}  // namespace earthcatalog::item
