// The compact protocol of Apache Thrift, as far as Parquet's page headers and footers need it.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace earthcatalog::geoparquet {

// Appends to a caller's buffer. Fields of a struct are written in ascending order of their ids, no two of
// them more than 15 apart, and structs nest less than kMaxDepth deep: both hold for all that Parquet defines.
class ThriftWriter {
 public:
  enum class Type : uint8_t {
    kTrue = 1,
    kFalse = 2,
    kI16 = 4,
    kI32 = 5,
    kI64 = 6,
    kBinary = 8,
    kList = 9,
    kStruct = 12
  };

  explicit ThriftWriter(std::string* out) : out_(out) {}

  void I16(int16_t id, int16_t value) { Integer(id, Type::kI16, value); }
  void I32(int16_t id, int32_t value) { Integer(id, Type::kI32, value); }
  void I64(int16_t id, int64_t value) { Integer(id, Type::kI64, value); }
  void Bool(int16_t id, bool value) { Field(id, value ? Type::kTrue : Type::kFalse); }
  void Binary(int16_t id, std::string_view bytes) {
    Field(id, Type::kBinary);
    BinaryElement(bytes);
  }

  void BeginStruct(int16_t id) {
    Field(id, Type::kStruct);
    BeginElement();
  }
  void EndStruct() { EndElement(); }

  // `size` elements of the type follow.
  void BeginList(int16_t id, Type type, size_t size) {
    Field(id, Type::kList);
    const auto code = static_cast<uint8_t>(type);
    if (size < 15) {
      Byte(static_cast<uint8_t>(size << 4 | code));
    } else {
      Byte(0xF0 | code);
      Varint(size);
    }
  }
  void I32Element(int32_t value) { Varint(ZigZag(value)); }
  void BinaryElement(std::string_view bytes) {
    Varint(bytes.size());
    out_->append(bytes);
  }
  void BeginElement() { last_ids_[++depth_] = 0; }
  void EndElement() {
    Byte(0);
    --depth_;
  }

  // Fields of the current struct that were serialized before, the last of them with `last_id`.
  void Fields(std::string_view bytes, int16_t last_id) {
    out_->append(bytes);
    last_ids_[depth_] = last_id;
  }
  // Ends the outermost struct.
  void Stop() { Byte(0); }

 private:
  static constexpr size_t kMaxDepth = 16;

  static uint64_t ZigZag(int64_t value) {
    return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  }
  void Byte(uint8_t byte) { out_->push_back(static_cast<char>(byte)); }
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
    Byte(static_cast<uint8_t>(value));
  }
  void Field(int16_t id, Type type) {
    Byte(static_cast<uint8_t>((id - last_ids_[depth_]) << 4 | static_cast<int>(type)));
    last_ids_[depth_] = id;
  }
  void Integer(int16_t id, Type type, int64_t value) {
    Field(id, type);
    Varint(ZigZag(value));
  }

  std::string* out_;
  std::array<int16_t, kMaxDepth> last_ids_{};
  size_t depth_ = 0;
};

}  // namespace earthcatalog::geoparquet
