// Fetched bodies to Arrow columns and cells: what the encoding threads do with each batch.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/overflowed.h"
#include "earthcatalog/ingest/quarantine.h"
#include "earthcatalog/ingest/wide_items.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/keys/record.h"

namespace earthcatalog::ingest {

// The schema to encode with. It moves on when a chunk needed new columns; batches encoded before are brought
// up to date when their chunk is written. Thread-safe.
class CurrentSchema {
 public:
  struct Schemas {
    std::shared_ptr<arrow::Schema> current;
    // What it will probably be behind the first chunk: with what the run's first batch lacked. Most archives
    // have items of one kind, which need not be encoded twice then. Null: not known, or no longer of use.
    std::shared_ptr<arrow::Schema> expected{};
  };

  explicit CurrentSchema(std::shared_ptr<arrow::Schema> schema) : schemas_{std::move(schema)} {}

  Schemas Get() const {
    std::lock_guard lock(mutex_);
    return schemas_;
  }
  void Set(std::shared_ptr<arrow::Schema> schema) {
    std::lock_guard lock(mutex_);
    schemas_ = {std::move(schema)};
  }
  // Nothing happens when `current` is no longer that.
  void Expect(const std::shared_ptr<arrow::Schema>& current, std::shared_ptr<arrow::Schema> expected) {
    std::lock_guard lock(mutex_);
    if (schemas_.current == current) schemas_.expected = std::move(expected);
  }

 private:
  mutable std::mutex mutex_;
  Schemas schemas_;
};

struct EncodedBatch {
  uint64_t sequence = 0;  // these four as in fetch::Batch
  uint32_t slice = 0;
  bool last = true;
  std::shared_ptr<void> held{};
  uint64_t row_count = 0;                    // inventory rows: accepted and failed
  std::shared_ptr<arrow::RecordBatch> rows;  // the accepted items, without grid_partition
  std::vector<uint32_t> item_bytes;          // of the JSON of each
  grid::CellAssignments cells;               // of `rows`
  WideItems wide;                            // among them
  std::vector<keys::KeyHash> objects;  // that the accepted items came from, as far as they are to be known
  std::vector<QuarantinedRow> failures;
  std::shared_ptr<arrow::Schema> schema;             // that they are encoded with
  bool with_expected = false;                        // which is only expected
  std::shared_ptr<const item::Additions> additions;  // what it lacks for them, if anything
  OverflowedColumns overflowed;                      // what its columns do not hold, or it has none for
  // The JSON of each (with padding), where another schema might place values elsewhere; else empty.
  std::vector<std::string> bodies;
  // What it weighs, independent of timing: the JSON of the items, and the failures.
  int64_t source_bytes = 0;
  int64_t failure_bytes = 0;
};

// One per thread.
class BatchEncoder {
 public:
  // `max_cells`: the partitioner's, 0 for none.
  BatchEncoder(CurrentSchema* schema, std::shared_ptr<const grid::Partitioner> partitioner, int64_t max_cells)
      : schema_(schema), partitioner_(std::move(partitioner)), max_cells_(max_cells) {}

  // Bad items become failures; an error is fatal (out of memory, a broken invariant).
  Result<EncodedBatch> Encode(fetch::Batch batch);

 private:
  struct Encoder {
    std::shared_ptr<arrow::Schema> schema;
    std::unique_ptr<item::ItemEncoder> items;
  };
  // A batch's bodies with one schema.
  struct Pass {
    std::shared_ptr<arrow::Schema> schema;
    std::vector<std::optional<item::Rejection>> rejections;  // of each body
    item::EncodedItems items;
    bool with_expected = false;
    bool is_final = false;  // no schema that is to come would change anything
  };

  // `cells` become those of the pass's rows. Items that the grid refuses become failures of the batch.
  Result<Pass> EncodeBodies(fetch::Batch* batch, std::optional<grid::CellAssignments>* cells);
  Result<Pass> EncodeAccepted(const std::shared_ptr<arrow::Schema>& schema, Encoder* encoder,
                              fetch::Batch* batch, std::optional<grid::CellAssignments>* cells);
  static Result<Pass> EncodeBodies(const fetch::Batch& batch, const std::shared_ptr<arrow::Schema>& schema,
                                   Encoder* encoder);
  Result<grid::CellAssignments> AssignCells(const arrow::RecordBatch& rows) const;

  CurrentSchema* const schema_;
  const std::shared_ptr<const grid::Partitioner> partitioner_;
  const int64_t max_cells_;
  Encoder current_;
  Encoder expected_;
};

// `schema` grown by what these batches lack, in whatever order they come. What is new has no field ids. When
// it goes `by_use`, batches that were encoded with an expected schema must be encoded again with `schema`
// before: of them it does not know what else they use.
Result<item::Grown> GrownBy(const std::vector<EncodedBatch>& batches,
                            const std::shared_ptr<arrow::Schema>& schema);

// Encodes the batch's bodies anew, as if it had been encoded with `schema` at first.
Status EncodeAgain(const std::shared_ptr<arrow::Schema>& schema, EncodedBatch* batch);

// Brings the batch's rows up to date for a chunk written with `schema`: encodes its bodies anew where that
// places values elsewhere, and drops them. So what is in a file does not depend on when the batch was
// encoded.
Status Update(const std::shared_ptr<arrow::Schema>& schema, EncodedBatch* batch);

}  // namespace earthcatalog::ingest
