#include "earthcatalog/inventory/orc_source.h"

#include <arrow/adapters/orc/adapter.h>

#include "earthcatalog/inventory/columnar_source.h"

namespace earthcatalog::inventory {
namespace {

using arrow::adapters::orc::ORCFileReader;

class OrcSource : public ColumnarSource {
 public:
  Status Open(const std::shared_ptr<arrow::io::RandomAccessFile>& file) {
    ARROW_ASSIGN_OR_RAISE(reader_, ORCFileReader::Open(file, arrow::default_memory_pool()));
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Schema> schema, reader_->ReadSchema());
    return ChooseFields(schema->fields()).Value(&fields_);
  }

 private:
  // The next batch of this stripe, or of the one behind it.
  Result<std::shared_ptr<arrow::RecordBatch>> NextBatch() override {
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> batch;
      if (batches_ != nullptr) ARROW_RETURN_NOT_OK(batches_->ReadNext(&batch));
      if (batch != nullptr) return batch;
      batches_.reset();  // what it holds of the stripe goes before the next one comes
      ARROW_ASSIGN_OR_RAISE(batches_, reader_->NextStripeReader(kBatchRows, fields_));
      if (batches_ == nullptr) return batch;
    }
  }

  std::unique_ptr<ORCFileReader> reader_;
  std::vector<int> fields_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
};

}  // namespace

Result<std::unique_ptr<RowSource>> OpenOrc(const std::shared_ptr<arrow::io::RandomAccessFile>& file) {
  auto source = std::make_unique<OrcSource>();
  ARROW_RETURN_NOT_OK(source->Open(file));
  return source;
}

}  // namespace earthcatalog::inventory
