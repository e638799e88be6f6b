#include "earthcatalog/geoparquet/thrift_reader.h"

namespace earthcatalog::geoparquet {

void ThriftReader::Skip(ThriftType type, bool element) {
  switch (type) {
    case ThriftType::kTrue:
    case ThriftType::kFalse:
      if (element) Byte();
      return;
    case ThriftType::kByte:
      Byte();
      return;
    case ThriftType::kI16:
    case ThriftType::kI32:
    case ThriftType::kI64:
      Varint();
      return;
    case ThriftType::kDouble:
      Take(8);
      return;
    case ThriftType::kBinary:
      Take(Varint());
      return;
    case ThriftType::kList:
    case ThriftType::kSet: {
      if (!Enter()) return;
      const uint8_t head = Byte();
      const uint64_t size = SizeOf(head);
      for (uint64_t i = 0; i < size && !failed_; ++i) Skip(static_cast<ThriftType>(head & 15), true);
      --depth_;
      return;
    }
    case ThriftType::kMap:
      return SkipMap();
    case ThriftType::kStruct:
      return Struct([](int16_t, ThriftType) { return false; });
  }
  Fail();
}

void ThriftReader::SkipMap() {
  const uint64_t size = Varint();
  if (size == 0 || !Enter()) return;
  const uint8_t types = Byte();
  for (uint64_t i = 0; i < size && !failed_; ++i) {
    Skip(static_cast<ThriftType>(types >> 4), true);
    Skip(static_cast<ThriftType>(types & 15), true);
  }
  --depth_;
}

}  // namespace earthcatalog::geoparquet
