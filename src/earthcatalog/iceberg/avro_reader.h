// Reading Avro object container files, whoever wrote them: driven by the schema in the file. Any byte string
// gives records or an error, in time and memory bounded by its size.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"
#include "earthcatalog/iceberg/avro_schema.h"

namespace earthcatalog::iceberg {

// Values one after another from a block's bytes. An error sticks: from then on everything reads as zero,
// empty or null, and ok() is false; so a record is read without looking at each step. Views live as long as
// the bytes.
class AvroDecoder {
 public:
  explicit AvroDecoder(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return bytes_.size(); }
  std::string_view rest() const { return bytes_; }  // what was not read yet

  // A value of `type`, or nothing when it is null. Another type than asked for is an error.
  std::optional<int64_t> Integer(const AvroType& type);  // int or long
  std::optional<bool> Boolean(const AvroType& type);
  std::optional<std::string_view> Bytes(const AvroType& type);  // bytes, string or fixed

  // Calls visit(record) at the beginning of a record that is not null; `visit` reads or skips each field in
  // turn.
  template <typename Visit>
  void Record(const AvroType& type, Visit&& visit) {
    const AvroType& actual = Branch(type);
    if (actual.kind == AvroType::Kind::kRecord) {
      visit(actual);
    } else if (actual.kind != AvroType::Kind::kNull) {
      Fail();
    }
  }

  // Calls visit(item_type) for each item of an array that is not null; `visit` reads or skips the item.
  template <typename Visit>
  void Array(const AvroType& type, Visit&& visit) {
    const AvroType& actual = Branch(type);
    if (actual.kind == AvroType::Kind::kNull) return;
    if (actual.kind != AvroType::Kind::kArray) return Fail();
    for (uint64_t count = BlockCount(); count > 0; count = BlockCount()) {
      for (; count > 0 && ok_; --count) Item([&] { visit(actual.branches[0]); });
    }
  }

  void Skip(const AvroType& type);

 private:
  // Items take at least a byte each, so that no count in a small file makes for endless work.
  template <typename Read>
  void Item(Read&& read) {
    const size_t before = bytes_.size();
    read();
    if (bytes_.size() == before) Fail();
  }

  void Fail();
  uint64_t Varint() {
    if (bytes_.empty() || static_cast<unsigned char>(bytes_[0]) >= 0x80) return LongVarint();
    const auto value = static_cast<unsigned char>(bytes_[0]);
    bytes_.remove_prefix(1);
    return value;
  }
  uint64_t LongVarint();
  int64_t Long() {
    const uint64_t zigzag = Varint();
    return static_cast<int64_t>((zigzag >> 1) ^ (~(zigzag & 1) + 1));
  }
  std::string_view Take(uint64_t length) {
    if (length > bytes_.size()) Fail();
    const std::string_view taken = bytes_.substr(0, length);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  // The type itself, or the branch of a union that the value has.
  const AvroType& Branch(const AvroType& type);
  // Items in the next block of an array or map, 0 at its end. `size`: of the block in bytes, when it tells.
  uint64_t BlockCount(std::optional<uint64_t>* size = nullptr);
  // `skip` skips one item.
  template <typename SkipItem>
  void SkipBlocks(SkipItem&& skip) {
    std::optional<uint64_t> size;
    for (uint64_t count = BlockCount(&size); count > 0; count = BlockCount(&size)) {
      if (size) Take(*size);
      for (; !size && count > 0 && ok_; --count) Item(skip);
    }
  }

  std::string_view bytes_;
  bool ok_ = true;
};

class AvroReader {
 public:
  // kCorrupt when the bytes are no Avro file of records.
  static Result<AvroReader> Open(std::string bytes);

  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // The caller may fill in field ids.
  AvroType* schema() { return &schema_; }

  // Calls `visit` once for each record; it reads or skips every field of schema().
  Status ForEachRecord(const std::function<Status(AvroDecoder&)>& visit) const;

 private:
  AvroReader() = default;

  std::string bytes_;
  size_t first_block_ = 0;
  std::string sync_;
  std::map<std::string, std::string> metadata_;
  AvroType schema_;
};

}  // namespace earthcatalog::iceberg
