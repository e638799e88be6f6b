#include "earthcatalog/inventory/parquet_source.h"

#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <array>

#include "earthcatalog/inventory/column_view.h"

namespace earthcatalog::inventory {
namespace {

constexpr int64_t kBatchRows = 16 << 10;
// A row group's column may be tens of megabytes: it is read through a window of this size.
constexpr int64_t kColumnBuffer = 1 << 20;

class ParquetSource : public RowSource {
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
    return ChooseColumns();
  }

  Result<bool> Next(RawRow* row) override {
    while (batch_ == nullptr || next_in_batch_ == batch_->num_rows()) {
      ARROW_ASSIGN_OR_RAISE(const bool any, NextBatch());
      if (!any) return false;
    }
    const int64_t at = next_in_batch_++;
    *row = RawRow{};
    row->position = ++position_;
    row->bucket = View(Column::kBucket).At(at).text;
    row->key = View(Column::kKey).At(at).text;
    row->size = View(Column::kSize).At(at);
    row->last_modified = View(Column::kLastModified).At(at);
    row->is_latest = View(Column::kIsLatest).At(at);
    row->is_delete_marker = View(Column::kIsDeleteMarker).At(at);
    return true;
  }

 private:
  Status ChooseColumns() {
    const std::vector<parquet::arrow::SchemaField>& fields = reader_->manifest().schema_fields;
    std::vector<std::string> names;
    for (const auto& field : fields) names.push_back(field.field->name());
    ARROW_ASSIGN_OR_RAISE(const ColumnPlaces places, ColumnPlaces::Find(names));
    for (size_t i = 0; i < kColumns; ++i) {
      const int place = places[static_cast<Column>(i)];
      if (place < 0) continue;
      const parquet::arrow::SchemaField& field = fields[static_cast<size_t>(place)];
      ARROW_RETURN_NOT_OK(CheckType(static_cast<Column>(i), *field.field->type()));
      leaves_.push_back(field.column_index);
      names_[i] = field.field->name();
    }
    return Status::OK();
  }

  // The next batch of this row group, or of the one behind it; false when there is none.
  Result<bool> NextBatch() {
    for (;;) {
      if (batches_ != nullptr) {
        ARROW_RETURN_NOT_OK(batches_->ReadNext(&batch_));
        if (batch_ != nullptr) break;
      }
      if (next_row_group_ == reader_->num_row_groups()) return false;
      ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader({next_row_group_++}, leaves_));
    }
    next_in_batch_ = 0;
    for (size_t i = 0; i < kColumns; ++i) {
      views_[i] = names_[i].empty() ? ColumnView()
                                    : ColumnView(*batch_->column(batch_->schema()->GetFieldIndex(names_[i])));
    }
    return true;
  }

  const ColumnView& View(Column column) const { return views_[static_cast<size_t>(column)]; }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<int> leaves_;
  std::array<std::string, kColumns> names_;  // in the file; empty for a missing column
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  int next_row_group_ = 0;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t next_in_batch_ = 0;
  std::array<ColumnView, kColumns> views_;
  int64_t position_ = 0;
};

}  // namespace

Result<std::unique_ptr<RowSource>> OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  auto source = std::make_unique<ParquetSource>();
  ARROW_RETURN_NOT_OK(source->Open(std::move(file)));
  return source;
}

}  // namespace earthcatalog::inventory
