#include "earthcatalog/iceberg/avro_reader.h"

#include "earthcatalog/iceberg/avro_codec.h"

namespace earthcatalog::iceberg {
namespace {

using Kind = AvroType::Kind;

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr size_t kSyncBytes = 16;

const AvroType& TypeOf(Kind kind) {
  static const AvroType kNull{.kind = Kind::kNull, .fields = {}, .branches = {}};
  static const AvroType kLong{.kind = Kind::kLong, .fields = {}, .branches = {}};
  static const AvroType kBytes{.kind = Kind::kBytes, .fields = {}, .branches = {}};
  return kind == Kind::kLong ? kLong : kind == Kind::kBytes ? kBytes : kNull;
}

// The file's header map: text keys, byte values.
const AvroType& HeaderType() {
  static const AvroType type{.kind = Kind::kArray,
                             .fields = {},
                             .branches = {AvroType{.kind = Kind::kRecord,
                                                   .fields = {{"key", -1, TypeOf(Kind::kBytes)},
                                                              {"value", -1, TypeOf(Kind::kBytes)}},
                                                   .branches = {}}}};
  return type;
}

}  // namespace

void AvroDecoder::Fail() {
  ok_ = false;
  bytes_ = {};
}

uint64_t AvroDecoder::LongVarint() {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes_.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes_[i]);
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      bytes_.remove_prefix(i + 1);
      return value;
    }
  }
  Fail();
  return 0;
}

const AvroType& AvroDecoder::Branch(const AvroType& type) {
  if (type.kind != Kind::kUnion) return type;
  const auto index = static_cast<uint64_t>(Long());
  if (ok_ && index < type.branches.size() && type.branches[index].kind != Kind::kUnion)
    return type.branches[index];
  Fail();
  return TypeOf(Kind::kNull);
}

uint64_t AvroDecoder::BlockCount(std::optional<uint64_t>* size) {
  int64_t count = Long();
  if (size != nullptr) size->reset();
  if (count < 0) {
    const auto bytes = static_cast<uint64_t>(Long());
    if (size != nullptr) *size = bytes;
    count = count == INT64_MIN ? INT64_MAX : -count;
  }
  if (static_cast<uint64_t>(count) > bytes_.size()) Fail();
  return ok_ ? static_cast<uint64_t>(count) : 0;
}

std::optional<int64_t> AvroDecoder::Integer(const AvroType& type) {
  const AvroType& actual = Branch(type);
  if (actual.kind == Kind::kNull) return std::nullopt;
  if (actual.kind != Kind::kInt && actual.kind != Kind::kLong) Fail();
  return Long();
}

std::optional<bool> AvroDecoder::Boolean(const AvroType& type) {
  const AvroType& actual = Branch(type);
  if (actual.kind == Kind::kNull) return std::nullopt;
  if (actual.kind != Kind::kBoolean) Fail();
  const std::string_view byte = Take(1);
  return ok_ && byte[0] != 0;
}

std::optional<std::string_view> AvroDecoder::Bytes(const AvroType& type) {
  const AvroType& actual = Branch(type);
  if (actual.kind == Kind::kNull) return std::nullopt;
  if (actual.kind == Kind::kFixed) return Take(actual.fixed_size);
  if (actual.kind != Kind::kBytes && actual.kind != Kind::kString) Fail();
  return Take(static_cast<uint64_t>(Long()));
}

void AvroDecoder::Skip(const AvroType& type) {
  switch (type.kind) {
    case Kind::kNull:
      return;
    case Kind::kBoolean:
      Take(1);
      return;
    case Kind::kInt:
    case Kind::kLong:
    case Kind::kEnum:
      Long();
      return;
    case Kind::kFloat:
      Take(4);
      return;
    case Kind::kDouble:
      Take(8);
      return;
    case Kind::kBytes:
    case Kind::kString:
      Take(static_cast<uint64_t>(Long()));
      return;
    case Kind::kFixed:
      Take(type.fixed_size);
      return;
    case Kind::kUnion:
      return Skip(Branch(type));
    case Kind::kRecord:
      for (const AvroField& field : type.fields) Skip(field.type);
      return;
    case Kind::kArray:
      return SkipBlocks([&] { Skip(type.branches[0]); });
    case Kind::kMap:
      return SkipBlocks([&] {
        Take(static_cast<uint64_t>(Long()));
        Skip(type.branches[0]);
      });
  }
}

Result<AvroReader> AvroReader::Open(std::string bytes) {
  AvroReader reader;
  reader.bytes_ = std::move(bytes);
  const std::string_view file = reader.bytes_;
  if (!file.starts_with(kMagic)) return CorruptError("not an Avro file");
  AvroDecoder decoder(file.substr(kMagic.size()));
  decoder.Array(HeaderType(), [&](const AvroType&) {
    const auto key = decoder.Bytes(TypeOf(Kind::kBytes));
    const auto value = decoder.Bytes(TypeOf(Kind::kBytes));
    reader.metadata_.insert_or_assign(std::string(*key), std::string(*value));
  });
  if (!decoder.ok() || decoder.remaining() < kSyncBytes)
    return CorruptError("the Avro file's header is broken");
  reader.first_block_ = file.size() - decoder.remaining() + kSyncBytes;
  reader.sync_ = file.substr(reader.first_block_ - kSyncBytes, kSyncBytes);
  ARROW_ASSIGN_OR_RAISE(reader.schema_, ParseAvroSchema(reader.metadata_["avro.schema"]));
  if (reader.schema_.kind != Kind::kRecord) return CorruptError("the Avro file does not hold records");
  return reader;
}

Status AvroReader::ForEachRecord(const std::function<Status(AvroDecoder&)>& visit) const {
  const auto codec_entry = metadata_.find("avro.codec");
  const std::string codec = codec_entry == metadata_.end() ? "null" : codec_entry->second;
  AvroDecoder file(std::string_view(bytes_).substr(first_block_));
  while (file.remaining() > 0) {
    const int64_t count = *file.Integer(TypeOf(Kind::kLong));
    const std::string_view packed = *file.Bytes(TypeOf(Kind::kBytes));
    AvroType sync{.kind = Kind::kFixed, .fields = {}, .branches = {}, .fixed_size = kSyncBytes};
    if (file.Bytes(sync) != sync_ || !file.ok()) return CorruptError("an Avro block is cut off or broken");
    ARROW_ASSIGN_OR_RAISE(const std::string block, DecompressBlock(codec, packed));
    AvroDecoder decoder(block);
    for (int64_t i = 0; i < count; ++i) {
      const size_t before = decoder.remaining();
      ARROW_RETURN_NOT_OK(visit(decoder));
      if (!decoder.ok() || decoder.remaining() == before) return CorruptError("an Avro record is broken");
    }
    if (decoder.remaining() > 0) return CorruptError("an Avro block holds more than its records");
  }
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
