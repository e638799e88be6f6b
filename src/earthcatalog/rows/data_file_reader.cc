#include "earthcatalog/rows/data_file_reader.h"

#include <arrow/io/memory.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "earthcatalog/rows/item_columns.h"

namespace earthcatalog::rows {
namespace {

using InputFile = std::shared_ptr<arrow::io::RandomAccessFile>;

constexpr int64_t kBatchBytes = 2 << 20;
constexpr int64_t kMaxBatchRows = 1024;
// Sizes in a footer are only claims.
constexpr int64_t kMaxColumnBytes = int64_t{1} << 40;

std::vector<int> LeavesOf(const parquet::SchemaDescriptor& schema, const std::vector<std::string>& columns) {
  std::vector<int> leaves;
  for (int i = 0; i < schema.num_columns(); ++i) {
    const std::string& name = schema.GetColumnRoot(i)->name();
    if (columns.empty() || std::find(columns.begin(), columns.end(), name) != columns.end()) {
      leaves.push_back(i);
    }
  }
  return leaves;
}

// What these columns of the row group are without compression.
int64_t BytesOf(const parquet::RowGroupMetaData& group, const std::vector<int>& leaves) {
  int64_t bytes = 0;
  for (const int leaf : leaves) {
    bytes += std::clamp<int64_t>(group.ColumnChunk(leaf)->total_uncompressed_size(), 0, kMaxColumnBytes);
  }
  return bytes;
}

Result<InputFile> OpenInputFile(const io::Location& table, const StoredFile& file) {
  if (file.bytes != nullptr) return std::make_shared<arrow::io::BufferReader>(file.bytes);
  ARROW_ASSIGN_OR_RAISE(const io::Location location, table.Other(file.uri));
  if (table.local || file.size < 0) return io::OpenFile(location);
  arrow::fs::FileInfo info(location.path, arrow::fs::FileType::File);
  info.set_size(file.size);  // so that an object store need not be asked for it
  return location.fs->OpenInputFile(info);
}

// That the file is not there, which an object store's answer says in many words; else `status`.
Status Explain(const Status& status, const io::Location& table, const StoredFile& file) {
  ARROW_ASSIGN_OR_RAISE(const io::Location location, table.Other(file.uri));
  const Status opened = io::OpenFile(location).status();
  return KindOf(opened) == ErrorKind::kNotFound ? opened : WithContext(status, file.uri);
}

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> ReadSmallFile(const io::Location& table, const StoredFile& file) {
  if (file.size < 0 || file.size > kSmallFileBytes) return nullptr;
  const auto read = [&]() -> Result<std::shared_ptr<arrow::Buffer>> {
    ARROW_ASSIGN_OR_RAISE(const InputFile input, OpenInputFile(table, file));
    ARROW_ASSIGN_OR_RAISE(const int64_t size, input->GetSize());
    return input->ReadAt(0, size);
  };
  auto bytes = read();
  return bytes.ok() ? std::move(bytes) : Explain(bytes.status(), table, file);
}

Result<DataFileReader> DataFileReader::Open(const io::Location& table, const StoredFile& file,
                                            const std::vector<std::string>& columns,
                                            const std::vector<uint32_t>* wanted,
                                            const iceberg::Pruner* pruner) {
  DataFileReader reader;
  reader.uri_ = file.uri;
  reader.wanted_ = wanted;
  const auto open = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto input, OpenInputFile(table, file));
    // From a disk page by page; from an object store in few requests, which hold a row group's bytes.
    parquet::ReaderProperties pages;
    if (table.local && file.bytes == nullptr) pages.enable_buffered_stream();
    parquet::ArrowReaderProperties properties;
    properties.set_pre_buffer(!table.local && file.bytes == nullptr);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(input), pages));
    builder.properties(properties)->memory_pool(arrow::default_memory_pool());
    ARROW_RETURN_NOT_OK(builder.Build(&reader.file_));
    reader.possible_ = {{0, std::numeric_limits<int64_t>::max()}};
    if (pruner != nullptr) {
      ARROW_ASSIGN_OR_RAISE(reader.possible_, RowsThatMayMatch(reader.file_->parquet_reader(), *pruner));
    }
    reader.leaves_ = LeavesOf(*reader.file_->parquet_reader()->metadata()->schema(), columns);
    return reader.PlanBatches();
  };
  const Status status = open();
  if (!status.ok()) return Explain(status, table, file);
  return reader;
}

Status DataFileReader::PlanBatches() {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  const parquet::FileMetaData& metadata = *file_->parquet_reader()->metadata();
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const auto group = metadata.RowGroup(i);
    const int64_t rows = std::max<int64_t>(group->num_rows(), 1);
    const int64_t bytes = BytesOf(*group, leaves_);
    const int64_t bytes_of_row = bytes / rows + 1;
    batch_rows_.push_back(std::clamp<int64_t>(kBatchBytes / bytes_of_row, 1, kMaxBatchRows));
    const int64_t first = std::exchange(rows_, rows_ + group->num_rows());
    if (Wants(first, rows_)) {
      batch_bytes_ = std::max(batch_bytes_, std::min(rows, batch_rows_.back()) * bytes_of_row);
      page_bytes_ = std::max(page_bytes_, bytes);
    }
  }
  return Status::OK();
  END_PARQUET_CATCH_EXCEPTIONS
}

Result<RowsInFile> DataFileReader::Next() {
  auto rows = NextWanted();
  return rows.ok() ? std::move(rows) : WithContext(rows.status(), uri_);
}

Result<RowsInFile> DataFileReader::NextWanted() {
  const parquet::FileMetaData& metadata = *file_->parquet_reader()->metadata();
  while (true) {
    if (!Wants(next_row_, group_end_)) {
      next_row_ = group_end_;
      batches_.reset();
      if (row_group_ == metadata.num_row_groups()) break;
      group_end_ += metadata.RowGroup(row_group_)->num_rows();
      // One at a time: Arrow holds what the file has of all row groups that it is told to read.
      if (Wants(next_row_, group_end_)) {
        file_->set_batch_size(batch_rows_[static_cast<size_t>(row_group_)]);
        ARROW_ASSIGN_OR_RAISE(batches_, file_->GetRecordBatchReader({row_group_}, leaves_));
      }
      ++row_group_;
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto batch, batches_->Next());
    if (batch == nullptr) return CorruptError("a row group ends early");
    const int64_t first = std::exchange(next_row_, next_row_ + batch->num_rows());
    if (!Wants(first, next_row_)) continue;
    ARROW_ASSIGN_OR_RAISE(batch, AsItemColumns(std::move(batch)));
    return RowsInFile{std::move(batch), first};
  }
  if (wanted_ != nullptr && !wanted_->empty() && wanted_->back() >= next_row_) {
    return CorruptError("it has become shorter");
  }
  return RowsInFile{};
}

bool DataFileReader::Wants(int64_t begin, int64_t end) const {
  const auto ends_before = [](const RowRange& range, int64_t row) { return range.end <= row; };
  auto range = std::lower_bound(possible_.begin(), possible_.end(), begin, ends_before);
  for (; range != possible_.end() && range->begin < end && begin < end; ++range) {
    if (wanted_ == nullptr) return true;
    const auto first = std::lower_bound(wanted_->begin(), wanted_->end(), std::max(begin, range->begin));
    if (first != wanted_->end() && *first < std::min(end, range->end)) return true;
  }
  return false;
}

}  // namespace earthcatalog::rows
