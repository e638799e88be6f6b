#include "earthcatalog/catalog/data_file_reader.h"

#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <numeric>

#include "earthcatalog/catalog/item_columns.h"

namespace earthcatalog::catalog {
namespace {

// Items are kilobytes each, so this is some megabytes.
constexpr int64_t kBatchRows = 1024;

std::vector<int> AllRowGroups(const parquet::FileMetaData& metadata) {
  std::vector<int> row_groups(static_cast<size_t>(metadata.num_row_groups()));
  std::iota(row_groups.begin(), row_groups.end(), 0);
  return row_groups;
}

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

}  // namespace

Result<DataFileReader> DataFileReader::Open(const io::Location& table, const std::string& uri,
                                            const std::vector<std::string>& columns) {
  DataFileReader reader;
  reader.uri_ = uri;
  ARROW_ASSIGN_OR_RAISE(const io::Location file, table.Other(uri));
  ARROW_ASSIGN_OR_RAISE(auto input, io::OpenFile(file));
  const auto open = [&]() -> Status {
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(input)));
    builder.properties(parquet::ArrowReaderProperties())->memory_pool(arrow::default_memory_pool());
    ARROW_RETURN_NOT_OK(builder.Build(&reader.file_));
    reader.file_->set_batch_size(kBatchRows);
    const parquet::FileMetaData& metadata = *reader.file_->parquet_reader()->metadata();
    return reader.file_->GetRecordBatchReader(AllRowGroups(metadata), LeavesOf(*metadata.schema(), columns))
        .Value(&reader.batches_);
  };
  ARROW_RETURN_NOT_OK(WithContext(open(), uri));
  return reader;
}

Result<std::shared_ptr<arrow::RecordBatch>> DataFileReader::Next() {
  auto batch = batches_->Next();
  if (batch.ok() && *batch != nullptr) batch = AsItemColumns(*std::move(batch));
  if (!batch.ok()) return WithContext(batch.status(), uri_);
  return batch;
}

}  // namespace earthcatalog::catalog
