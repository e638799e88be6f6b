#include "earthcatalog/inventory/parquet_source.h"

#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include "earthcatalog/inventory/columnar_source.h"

namespace earthcatalog::inventory {
namespace {

// A row group's column may be tens of megabytes: it is read through a window of this size.
constexpr int64_t kColumnBuffer = 1 << 20;

class ParquetSource : public ColumnarSource {
 public:
  Status Open(std::shared_ptr<arrow::io::RandomAccessFile> file) {
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();
    properties.set_buffer_size(kColumnBuffer);
    parquet::ArrowReaderProperties arrow_properties;
    arrow_properties.set_batch_size(kBatchRows);
    arrow_properties.set_pre_buffer(false);  // it would hold whole row groups in memory
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(file), properties));
    ARROW_RETURN_NOT_OK(builder.properties(arrow_properties)->Build(&reader_));

    const std::vector<parquet::arrow::SchemaField>& schema = reader_->manifest().schema_fields;
    arrow::FieldVector fields;
    for (const auto& field : schema) fields.push_back(field.field);
    ARROW_ASSIGN_OR_RAISE(const std::vector<int> chosen, ChooseFields(fields));
    for (const int place : chosen) leaves_.push_back(schema[static_cast<size_t>(place)].column_index);
    return Status::OK();
  }

 private:
  // The next batch of this row group, or of the one behind it.
  Result<std::shared_ptr<arrow::RecordBatch>> NextBatch() override {
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> batch;
      if (batches_ != nullptr) ARROW_RETURN_NOT_OK(batches_->ReadNext(&batch));
      if (batch != nullptr || next_row_group_ == reader_->num_row_groups()) return batch;
      ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader({next_row_group_++}, leaves_));
    }
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<int> leaves_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  int next_row_group_ = 0;
};

}  // namespace

Result<std::unique_ptr<RowSource>> OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  auto source = std::make_unique<ParquetSource>();
  ARROW_RETURN_NOT_OK(source->Open(std::move(file)));
  return source;
}

}  // namespace earthcatalog::inventory
