#include "earthcatalog/iceberg/avro_writer.h"

#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/avro_codec.h"

namespace earthcatalog::iceberg {

void AvroEncoder::Integer(int64_t value) {
  uint64_t zigzag = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (zigzag >= 0x80) {
    out_->push_back(static_cast<char>(zigzag | 0x80));
    zigzag >>= 7;
  }
  out_->push_back(static_cast<char>(zigzag));
}

void AvroEncoder::Bytes(std::string_view value) {
  Integer(static_cast<int64_t>(value.size()));
  out_->append(value);
}

void AvroEncoder::OptionalInteger(const std::optional<int64_t>& value) {
  if (!value) return Null();
  NotNull();
  Integer(*value);
}

void AvroEncoder::OptionalBytes(const std::optional<std::string>& value) {
  if (!value) return Null();
  NotNull();
  Bytes(*value);
}

AvroWriter::AvroWriter(const std::string& schema_json, std::map<std::string, std::string> header)
    : file_("Obj\x01"), sync_(NewUuid().substr(0, 16)) {
  header["avro.codec"] = "deflate";
  header["avro.schema"] = schema_json;
  AvroEncoder encoder(&file_);
  encoder.Array(header, [&](const auto& entry) {
    encoder.Bytes(entry.first);
    encoder.Bytes(entry.second);
  });
  file_ += sync_;
}

Status AvroWriter::FlushBlock() {
  if (records_in_block_ == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::string packed, DeflateBlock(block_));
  AvroEncoder encoder(&file_);
  encoder.Integer(records_in_block_);
  encoder.Bytes(packed);
  file_ += sync_;
  block_.clear();
  records_in_block_ = 0;
  return Status::OK();
}

Result<std::string> AvroWriter::Finish() {
  ARROW_RETURN_NOT_OK(FlushBlock());
  return std::move(file_);
}

}  // namespace earthcatalog::iceberg
