// Fetched bodies to Arrow columns and cells: what the encoding threads do with each batch.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/pipeline/quarantine.h"

namespace earthcatalog::pipeline {

// The schema to encode with. It moves on when a chunk needed new columns; batches encoded before are brought
// up to date when their chunk is written. Thread-safe.
class CurrentSchema {
 public:
  explicit CurrentSchema(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> Get() const {
    std::lock_guard lock(mutex_);
    return schema_;
  }
  void Set(std::shared_ptr<arrow::Schema> schema) {
    std::lock_guard lock(mutex_);
    schema_ = std::move(schema);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<arrow::Schema> schema_;
};

struct EncodedBatch {
  uint64_t sequence = 0;  // these four as in fetch::Batch
  uint32_t part = 0;
  bool last = true;
  std::shared_ptr<void> held{};
  uint64_t row_count = 0;                    // inventory rows: accepted and failed
  std::shared_ptr<arrow::RecordBatch> rows;  // the accepted items, without grid_partition
  std::vector<uint32_t> item_bytes;          // of the JSON of each
  grid::CellAssignments cells;               // of `rows`
  std::vector<QuarantinedRow> failures;
  // What the schema lacks for these items; then `bodies` has their JSON (with padding), to encode them anew.
  std::shared_ptr<arrow::Schema> additions;
  std::vector<std::string> bodies;
  // What it weighs, independent of timing: the JSON of the items, and the failures.
  int64_t source_bytes = 0;
  int64_t failure_bytes = 0;
};

// One per thread.
class BatchEncoder {
 public:
  BatchEncoder(const CurrentSchema* schema, std::shared_ptr<const grid::Partitioner> partitioner)
      : schema_(schema), partitioner_(std::move(partitioner)) {}

  // Bad items become failures; an error is fatal (out of memory, a broken invariant).
  Result<EncodedBatch> Encode(fetch::Batch batch);

 private:
  Status UseCurrentSchema();
  Status AssignCells(EncodedBatch* encoded, std::vector<inventory::Row>* accepted);

  const CurrentSchema* const schema_;
  const std::shared_ptr<const grid::Partitioner> partitioner_;
  std::shared_ptr<arrow::Schema> encoder_schema_;
  std::unique_ptr<item::ItemEncoder> encoder_;
};

// Encodes the batch's bodies with `schema`, which has all columns they need, and drops the bodies.
Status Reencode(const std::shared_ptr<arrow::Schema>& schema, EncodedBatch* batch);

}  // namespace earthcatalog::pipeline
