#include "earthcatalog/keys/hash_file_writer.h"

#include <arrow/util/key_value_metadata.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>

#include "earthcatalog/geoparquet/file_body.h"

namespace earthcatalog::keys {
namespace {

constexpr size_t kGroupRows = 65'536;

// As 0.6.1 writes it: nullable, though there are no nulls.
std::shared_ptr<parquet::schema::GroupNode> FileSchema() {
  const auto column = parquet::schema::PrimitiveNode::Make(
      std::string(kHashColumn), parquet::Repetition::OPTIONAL, parquet::Type::FIXED_LEN_BYTE_ARRAY,
      parquet::ConvertedType::NONE, static_cast<int>(kKeyBytes));
  return std::static_pointer_cast<parquet::schema::GroupNode>(
      parquet::schema::GroupNode::Make("schema", parquet::Repetition::REQUIRED, {column}));
}

std::shared_ptr<const arrow::KeyValueMetadata> TextsOf(const HashNotes& notes) {
  auto texts = std::make_shared<arrow::KeyValueMetadata>();
  if (notes.rule) texts->Append(std::string(kRuleNote), NameOf(*notes.rule));
  if (notes.collection) texts->Append(std::string(kCollectionNote), *notes.collection);
  if (notes.snapshot_id) texts->Append(std::string(kSnapshotNote), std::to_string(*notes.snapshot_id));
  return texts;
}

}  // namespace

HashFileWriter::~HashFileWriter() = default;

Result<std::unique_ptr<HashFileWriter>> HashFileWriter::Open(
    const std::shared_ptr<arrow::io::OutputStream>& sink, const HashNotes& notes) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  parquet::WriterProperties::Builder properties;
  properties.created_by(std::string(geoparquet::CreatedBy()))
      ->compression(parquet::Compression::ZSTD)
      ->disable_dictionary()
      ->disable_write_page_index()
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  std::unique_ptr<HashFileWriter> writer(new HashFileWriter());
  writer->file_ = parquet::ParquetFileWriter::Open(sink, FileSchema(), properties.build(), TextsOf(notes));
  return writer;
  END_PARQUET_CATCH_EXCEPTIONS
}

Status HashFileWriter::Write(Records<kKeyBytes> hashes) {
  for (const KeyHash& hash : hashes) {
    if (last_ && !KeyLess(*last_, hash)) return Status::Invalid("hashes are to be written in order");
    last_ = hash;
  }
  count_ += static_cast<int64_t>(hashes.size());
  while (!hashes.empty()) {
    // Whole row groups go as they are.
    if (waiting_.empty() && hashes.size() >= kGroupRows) {
      ARROW_RETURN_NOT_OK(WriteRowGroup(hashes.first(kGroupRows)));
      hashes = hashes.subspan(kGroupRows);
      continue;
    }
    const size_t taken = std::min(hashes.size(), kGroupRows - waiting_.size());
    waiting_.insert(waiting_.end(), hashes.begin(), hashes.begin() + static_cast<ptrdiff_t>(taken));
    hashes = hashes.subspan(taken);
    if (waiting_.size() < kGroupRows) break;
    ARROW_RETURN_NOT_OK(WriteRowGroup(waiting_));
    waiting_.clear();
  }
  return Status::OK();
}

Status HashFileWriter::WriteRowGroup(Records<kKeyBytes> hashes) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  std::vector<parquet::FixedLenByteArray> values;
  values.reserve(hashes.size());
  for (const KeyHash& hash : hashes) values.emplace_back(hash.bytes.data());
  const std::vector<int16_t> present(hashes.size(), 1);
  parquet::RowGroupWriter* group = file_->AppendRowGroup();
  auto* column = static_cast<parquet::FixedLenByteArrayWriter*>(group->NextColumn());
  column->WriteBatch(static_cast<int64_t>(values.size()), present.data(), nullptr, values.data());
  column->Close();
  group->Close();
  END_PARQUET_CATCH_EXCEPTIONS
  return Status::OK();
}

Status HashFileWriter::Finish() {
  if (!waiting_.empty()) ARROW_RETURN_NOT_OK(WriteRowGroup(waiting_));
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  file_->Close();
  END_PARQUET_CATCH_EXCEPTIONS
  return Status::OK();
}

}  // namespace earthcatalog::keys
