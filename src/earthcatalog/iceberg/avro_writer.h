// Writing Avro object container files with deflate.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

// Appends values in Avro's binary encoding. The caller keeps to the schema.
class AvroEncoder {
 public:
  explicit AvroEncoder(std::string* out) : out_(out) {}

  void Integer(int64_t value);  // int or long
  void Boolean(bool value) { out_->push_back(value ? '\1' : '\0'); }
  void Bytes(std::string_view value);  // bytes or string

  // What an encoder for the same schema wrote.
  void Encoded(std::string_view bytes) { out_->append(bytes); }

  // Which branch of a union of null and one other type, in this order, follows.
  void Null() { Integer(0); }
  void NotNull() { Integer(1); }
  void OptionalInteger(const std::optional<int64_t>& value);
  void OptionalBytes(const std::optional<std::string>& value);

  // `encode(item)` writes each item of an array or entry of a map. The items are one block that tells its
  // size in bytes, so that readers in want of other fields pass over it.
  template <typename Items, typename Encode>
  void Array(const Items& items, Encode&& encode) {
    if (!items.empty()) {
      const size_t start = out_->size();
      for (const auto& item : items) encode(item);
      std::string head;
      AvroEncoder head_encoder(&head);
      head_encoder.Integer(-static_cast<int64_t>(items.size()));
      head_encoder.Integer(static_cast<int64_t>(out_->size() - start));
      out_->insert(start, head);
    }
    Integer(0);
  }

 private:
  std::string* out_;
};

class AvroWriter {
 public:
  // `header` becomes part of the file's metadata, beside the schema and the codec.
  AvroWriter(const std::string& schema_json, std::map<std::string, std::string> header);

  // Calls encode(AvroEncoder&), which writes one record.
  template <typename Encode>
  Status Record(Encode&& encode) {
    AvroEncoder encoder(&block_);
    encode(encoder);
    ++records_in_block_;
    return block_.size() < kBlockBytes ? Status::OK() : FlushBlock();
  }

  // In complete blocks.
  size_t bytes_written() const { return file_.size(); }

  // The whole file. The writer is spent afterwards.
  Result<std::string> Finish();

 private:
  static constexpr size_t kBlockBytes = 64 << 10;

  Status FlushBlock();

  std::string file_;
  std::string sync_;
  std::string block_;
  int64_t records_in_block_ = 0;
};

}  // namespace earthcatalog::iceberg
