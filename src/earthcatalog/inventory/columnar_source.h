// What Parquet and ORC inventories have in common: batches of Arrow columns, given out row by row.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/inventory/column_view.h"
#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

class ColumnarSource : public RowSource {
 public:
  Result<bool> Next(RawRow* row) final;

 protected:
  // Rows of a batch: some megabytes of long keys.
  static constexpr int64_t kBatchRows = 16 << 10;

  // Finds the columns that are needed among a file's top-level fields; gives their places there. Before the
  // first Next(). Errors: no bucket or key, a column twice, a type that cannot mean what the name says.
  Result<std::vector<int>> ChooseFields(const arrow::FieldVector& fields);

 private:
  // The file's next batch, which has at least the chosen columns; nullptr at its end.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> NextBatch() = 0;

  Result<bool> Advance();
  const ColumnView& View(Column column) const { return views_[static_cast<size_t>(column)]; }

  std::array<std::string, kColumns> names_;  // in the file; empty for a missing column
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t next_in_batch_ = 0;
  std::array<ColumnView, kColumns> views_;
  int64_t position_ = 0;
};

}  // namespace earthcatalog::inventory
