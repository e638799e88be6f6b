#include "earthcatalog/ingest/chunk_writer.h"

#include <iterator>
#include <utility>

#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/rows/fan_out.h"

namespace earthcatalog::ingest {

ChunkWriter::ChunkWriter(const catalog::Catalog& catalog,
                         std::shared_ptr<const grid::Partitioner> partitioner, CurrentSchema* schema,
                         int threads, const CancelSource* cancel)
    : warehouse_(catalog.warehouse()),
      partitioner_(std::move(partitioner)),
      current_schema_(schema),
      threads_(threads),
      cancel_(cancel),
      schema_(catalog.table().schema()),
      last_column_id_(catalog.table().last_column_id()),
      next_part_number_(catalog.table().last_sequence_number() + 1) {}

Status ChunkWriter::Run(BoundedQueue<Chunk>* in, BoundedQueue<WrittenChunk>* out) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(std::optional<Chunk> chunk, in->Pop());
    if (!chunk) break;
    ARROW_RETURN_NOT_OK(out->WaitForRoom());
    ARROW_ASSIGN_OR_RAISE(WrittenChunk written, Write(*std::move(chunk)));
    ARROW_RETURN_NOT_OK(out->Push(std::move(written)));
  }
  out->Close();
  return Status::OK();
}

Result<WrittenChunk> ChunkWriter::Write(Chunk chunk) {
  ARROW_RETURN_NOT_OK(rows::CheckWarehouse(warehouse_));
  const int columns_before = schema_->num_fields();
  ARROW_RETURN_NOT_OK(SettleExpectations(&chunk));
  ARROW_ASSIGN_OR_RAISE(const uint64_t left_out, EvolveSchema(&chunk));
  ARROW_RETURN_NOT_OK(ParallelFor(chunk.batches.size(), threads_, *cancel_,
                                  [&](size_t i, int) { return Update(schema_, &chunk.batches[i]); }));
  WrittenChunk written{.row_count = chunk.row_count,
                       .failures = {},
                       .files = rows::UncommittedFiles(warehouse_),
                       .schema = schema_,
                       .columns_added = static_cast<uint64_t>(schema_->num_fields() - columns_before),
                       .columns_left_out = left_out,
                       .overflowed = {}};
  for (EncodedBatch& batch : chunk.batches) {
    written.catalogued += static_cast<uint64_t>(batch.rows->num_rows());
    written.objects.insert(written.objects.end(), batch.objects.begin(), batch.objects.end());
    std::move(batch.failures.begin(), batch.failures.end(), std::back_inserter(written.failures));
    written.failure_bytes += batch.failure_bytes;
    Add(batch.overflowed, &written.overflowed);
    written.wide.Add(batch.wide);
  }
  ARROW_ASSIGN_OR_RAISE(const rows::FannedOut rows, rows::FanOut(*schema_, TakeItems(std::move(chunk))));
  const rows::WriteTarget target{.warehouse = warehouse_,
                                 .schema = schema_,
                                 .cell_name = [this](grid::CellId cell) { return partitioner_->Name(cell); },
                                 .part_number = next_part_number_,
                                 .threads = threads_};
  next_part_number_ += rows.parts;
  ARROW_RETURN_NOT_OK(rows::WriteFiles(target, rows, *cancel_, &written.files));
  return written;
}

// What was expected holds for the chunk of the batch that gave rise to it. Behind that only what has come of
// it counts, since there batches of that schema say nothing of columns that did not come to be.
Status ChunkWriter::SettleExpectations(Chunk* chunk) {
  if (std::exchange(first_chunk_, false)) return Status::OK();
  for (EncodedBatch& batch : chunk->batches) {
    batch.with_expected = batch.with_expected && !batch.schema->Equals(*schema_);
  }
  return EncodeExpectedAgain(chunk);
}

// Of columns that did not fit into the table.
Result<uint64_t> ChunkWriter::EvolveSchema(Chunk* chunk) {
  ARROW_ASSIGN_OR_RAISE(item::Grown grown, GrownBy(chunk->batches, schema_));
  if (grown.by_use) {
    ARROW_RETURN_NOT_OK(EncodeExpectedAgain(chunk));
    ARROW_ASSIGN_OR_RAISE(grown, GrownBy(chunk->batches, schema_));
  }
  if (!grown.schema->Equals(*schema_)) {
    ARROW_ASSIGN_OR_RAISE(schema_, iceberg::AssignFieldIds(*grown.schema, schema_.get(), &last_column_id_));
  }
  current_schema_->Set(schema_);  // and nothing more is expected
  return grown.left_out;
}

Status ChunkWriter::EncodeExpectedAgain(Chunk* chunk) {
  return ParallelFor(chunk->batches.size(), threads_, *cancel_, [&](size_t i, int) {
    EncodedBatch& batch = chunk->batches[i];
    return batch.with_expected ? EncodeAgain(schema_, &batch) : Status::OK();
  });
}

}  // namespace earthcatalog::ingest
