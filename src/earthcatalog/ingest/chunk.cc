#include "earthcatalog/ingest/chunk.h"

#include <utility>

namespace earthcatalog::ingest {

std::vector<rows::AssignedItems> TakeItems(Chunk chunk) {
  std::vector<rows::AssignedItems> items;
  items.reserve(chunk.batches.size());
  for (EncodedBatch& batch : chunk.batches) {
    items.push_back({std::move(batch.rows), std::move(batch.item_bytes), std::move(batch.cells)});
  }
  return items;
}

Status ChunkAssembler::Run(BoundedQueue<EncodedBatch>* in, BoundedQueue<Chunk>* out) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(std::optional<EncodedBatch> batch, in->Pop());
    if (!batch) break;
    early_.emplace(Turn(batch->sequence, batch->slice), std::move(*batch));
    while (!early_.empty() && early_.begin()->first == next_) {
      EncodedBatch next = std::move(early_.extract(early_.begin()).mapped());
      next_ = next.last ? Turn(next.sequence + 1, 0) : Turn(next.sequence, next.slice + 1);
      ARROW_RETURN_NOT_OK(Add(std::move(next), out));
    }
  }
  if (chunk_.row_count > 0) ARROW_RETURN_NOT_OK(Cut(out));
  out->Close();
  return Status::OK();
}

Status ChunkAssembler::Add(EncodedBatch batch, BoundedQueue<Chunk>* out) {
  window_->Release(batch.sequence, batch.row_count, batch.source_bytes + batch.failure_bytes);
  batch.held.reset();
  const double cells_per_item = batch.rows->num_rows() == 0 ? 1.0
                                                            : static_cast<double>(batch.cells.cells.size()) /
                                                                  static_cast<double>(batch.rows->num_rows());
  const int64_t bytes =
      static_cast<int64_t>(static_cast<double>(batch.source_bytes) * cells_per_item) + batch.failure_bytes;
  const bool too_many = chunk_size_ && chunk_.row_count + batch.row_count > *chunk_size_;
  const bool too_large = written_bytes_ + bytes > max_bytes_;
  if (chunk_.row_count > 0 && (too_many || too_large)) ARROW_RETURN_NOT_OK(Cut(out));
  chunk_.row_count += batch.row_count;
  written_bytes_ += bytes;
  chunk_.batches.push_back(std::move(batch));
  const bool full = (chunk_size_ && chunk_.row_count >= *chunk_size_) || written_bytes_ >= max_bytes_;
  return full ? Cut(out) : Status::OK();
}

Status ChunkAssembler::Cut(BoundedQueue<Chunk>* out) {
  ARROW_RETURN_NOT_OK(out->Push(std::exchange(chunk_, {})));
  written_bytes_ = 0;
  return Status::OK();
}

}  // namespace earthcatalog::ingest
