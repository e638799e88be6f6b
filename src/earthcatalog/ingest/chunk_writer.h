// Chunks to data files: what is between a complete chunk and its commit.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/queue.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/rows/write_files.h"

namespace earthcatalog::ingest {

// Becomes one commit, or part of one.
struct WrittenChunk {
  uint64_t row_count = 0;  // as in Chunk
  uint64_t catalogued = 0;
  std::vector<keys::KeyHash> objects = {};  // of the items that are catalogued
  std::vector<QuarantinedRow> failures;
  int64_t failure_bytes = 0;
  rows::UncommittedFiles files;
  std::shared_ptr<arrow::Schema> schema;  // that the files are written with
  uint64_t columns_added = 0;             // to the schema of the chunk before
  uint64_t columns_left_out = 0;          // nested ones too, for which the table has no room
  OverflowedColumns overflowed;
  WideItems wide = {};
};

// Run by one thread, beside the commits: files of the next chunk are written while the table takes up those
// of the one before. No further ahead, since what a commit says of its files takes memory, too.
class ChunkWriter {
 public:
  // `schema` and `cancel` outlive the writer; the table is looked at now and not again.
  ChunkWriter(const catalog::Catalog& catalog, std::shared_ptr<const grid::Partitioner> partitioner,
              CurrentSchema* schema, int threads, const CancelSource* cancel);

  // Closes `out` at the end.
  Status Run(BoundedQueue<Chunk>* in, BoundedQueue<WrittenChunk>* out);

 private:
  Result<WrittenChunk> Write(Chunk chunk);
  Status SettleExpectations(Chunk* chunk);
  Result<uint64_t> EvolveSchema(Chunk* chunk);
  Status EncodeExpectedAgain(Chunk* chunk);

  const io::Location warehouse_;
  const std::shared_ptr<const grid::Partitioner> partitioner_;
  CurrentSchema* const current_schema_;
  const int threads_;
  const CancelSource* const cancel_;

  // The columns that files are written with: the table's, or what it will be when they are committed.
  std::shared_ptr<arrow::Schema> schema_;
  int last_column_id_;
  int64_t next_part_number_;
  bool first_chunk_ = true;
};

}  // namespace earthcatalog::ingest
