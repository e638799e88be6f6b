// A Parquet file as Arrow's own writer makes it.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/writer.h>

#include <memory>

#include "must.h"

namespace earthcatalog {

// In memory. Ends the program when it cannot be made.
inline std::shared_ptr<arrow::Buffer> ArrowFile(const std::shared_ptr<parquet::WriterProperties>& properties,
                                                const arrow::RecordBatch& rows) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer =
      parquet::arrow::FileWriter::Open(*rows.schema(), arrow::default_memory_pool(), sink, properties)
          .ValueOrDie();
  Must(writer->WriteRecordBatch(rows));
  Must(writer->Close());
  return sink->Finish().ValueOrDie();
}

}  // namespace earthcatalog
