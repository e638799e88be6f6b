// The counterpart of thrift_writer.h, for bytes of any origin.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace earthcatalog::geoparquet {

// Types of the compact protocol, as fields and elements of lists name them.
enum class ThriftType : uint8_t {
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12
};

// Reads within the bytes it was made for, which outlive it and the texts it hands out. After an error it is
// at the end for good: whatever is read then is 0 or empty. Reads of another type than the field has leave it
// where it is and say false, which is what a visitor of Struct() says of a field that it does not know.
class ThriftReader {
 public:
  explicit ThriftReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), begin_(bytes.data()) {}

  bool failed() const { return failed_; }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }

  // Calls `visit(id, type)` for each field of the struct that starts here. The visitor reads the value, or
  // says false and has it skipped.
  template <typename Visit>
  void Struct(const Visit& visit) {
    if (!Enter()) return;
    int32_t id = 0;
    while (!failed_) {
      const uint8_t head = Byte();
      if (head == 0) break;
      id = head >> 4 != 0 ? id + (head >> 4) : static_cast<int32_t>(ZigZag());
      if (id < 0 || id > std::numeric_limits<int16_t>::max()) return Fail();
      const auto type = static_cast<ThriftType>(head & 15);
      if (!visit(static_cast<int16_t>(id), type)) Skip(type, /*element=*/false);
    }
    --depth_;
  }
  template <typename Visit>
  bool Struct(ThriftType type, const Visit& visit) {
    if (type != ThriftType::kStruct) return false;
    Struct(visit);
    return true;
  }

  // Calls `visit()` for each element, which reads it.
  template <typename Visit>
  bool List(ThriftType type, ThriftType element, const Visit& visit) {
    if (type != ThriftType::kList) return false;
    const uint8_t head = Byte();
    const uint64_t size = SizeOf(head);
    if (static_cast<ThriftType>(head & 15) != element) Fail();
    for (uint64_t i = 0; i < size && !failed_; ++i) visit();
    return true;
  }

  bool I32(ThriftType type, int32_t* value) {
    if (type != ThriftType::kI32) return false;
    const int64_t wide = ZigZag();
    if (wide != static_cast<int32_t>(wide)) Fail();
    *value = static_cast<int32_t>(wide);
    return true;
  }
  bool I64(ThriftType type, int64_t* value) {
    if (type != ThriftType::kI64) return false;
    *value = ZigZag();
    return true;
  }
  bool Bool(ThriftType type, bool* value) {
    if (type != ThriftType::kTrue && type != ThriftType::kFalse) return false;
    *value = type == ThriftType::kTrue;
    return true;
  }
  bool Binary(ThriftType type, std::string_view* value) {
    if (type != ThriftType::kBinary) return false;
    *value = Take(Varint());
    return true;
  }

  void Fail() {
    failed_ = true;
    at_ = end_;
  }

 private:
  static constexpr int kMaxDepth = 16;

  bool Enter() {
    if (++depth_ > kMaxDepth) Fail();
    return !failed_;
  }

  uint8_t Byte() {
    if (at_ < end_) return static_cast<uint8_t>(*at_++);
    Fail();
    return 0;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return failed_ ? 0 : value;
    }
    Fail();
    return 0;
  }
  int64_t ZigZag() {
    const uint64_t value = Varint();
    return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  std::string_view Take(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_)) {
      Fail();
      return {};
    }
    at_ += size;
    return {at_ - size, size};
  }
  // Of the list or set whose first byte was read. An element takes a byte at least.
  uint64_t SizeOf(uint8_t head) {
    const uint64_t size = head >> 4 == 15 ? Varint() : head >> 4;
    if (size > static_cast<uint64_t>(end_ - at_)) Fail();
    return failed_ ? 0 : size;
  }

  // A boolean that is a field has no bytes of its own.
  void Skip(ThriftType type, bool element);
  void SkipMap();

  const char* at_;
  const char* end_;
  const char* begin_;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace earthcatalog::geoparquet
