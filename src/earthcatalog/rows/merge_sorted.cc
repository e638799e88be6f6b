#include "earthcatalog/rows/merge_sorted.h"

#include <arrow/array/array_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/sort_key.h"

namespace earthcatalog::rows {
namespace {

constexpr int64_t kMaxBatchRows = 64 << 10;
constexpr size_t kNoPiece = SIZE_MAX;

// Where one source stands.
struct Cursor {
  std::shared_ptr<arrow::RecordBatchReader> source;
  std::shared_ptr<arrow::RecordBatch> rows = nullptr;  // its batch; null: it has ended
  std::optional<FileOrder> order = std::nullopt;       // of these rows
  int64_t row = 0;                                     // the next one
  double row_bytes = 0;                                // about
  size_t piece = kNoPiece;                             // of the output, to which rows of this batch go
};

// Rows of one batch that lie side by side and go to the output's next batch.
struct Piece {
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t begin, end;
};

class MergedReader : public arrow::RecordBatchReader {
 public:
  MergedReader(std::vector<std::shared_ptr<arrow::RecordBatchReader>> sources,
               std::shared_ptr<arrow::Schema> schema, int64_t batch_bytes)
      : schema_(std::move(schema)), batch_bytes_(batch_bytes) {
    for (auto& source : sources) cursors_.push_back({std::move(source)});
  }

  // To be called once, first.
  Status Start() {
    for (size_t i = 0; i < cursors_.size(); ++i) {
      ARROW_RETURN_NOT_OK(LoadBatch(&cursors_[i]));
      if (cursors_[i].rows != nullptr) heap_.push_back(i);
    }
    for (size_t i = heap_.size(); i-- > 0;) SiftDown(i);
    return Status::OK();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    double bytes = 0;
    const auto wants_more = [&] {
      return taken_.empty() || (bytes < static_cast<double>(batch_bytes_) && row_count() < kMaxBatchRows);
    };
    while (!heap_.empty() && wants_more()) {
      Cursor& first = cursors_[heap_[0]];
      bytes += first.row_bytes;
      ARROW_RETURN_NOT_OK(TakeRow(&first));
      if (first.rows == nullptr) {
        heap_[0] = heap_.back();
        heap_.pop_back();
      }
      if (!heap_.empty()) SiftDown(0);
    }
    return Gather().Value(batch);
  }

 private:
  int64_t row_count() const { return static_cast<int64_t>(taken_.size()); }

  // The source's next batch that has rows.
  Status LoadBatch(Cursor* cursor) {
    const auto before = std::exchange(cursor->rows, nullptr);
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto rows, cursor->source->Next());
      if (rows == nullptr) break;
      if (rows->num_rows() == 0) continue;
      ARROW_ASSIGN_OR_RAISE(cursor->rows, ConformRows(rows, schema_));
      break;
    }
    const std::optional<FileOrder> order_before = std::exchange(cursor->order, std::nullopt);
    cursor->row = 0;
    cursor->piece = kNoPiece;
    if (cursor->rows == nullptr) {
      cursor->source.reset();
      return Status::OK();
    }
    cursor->order.emplace(*cursor->rows);
    if (before != nullptr && order_before->Compare(before->num_rows() - 1, *cursor->order, 0) > 0) {
      return NotSorted();
    }
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*cursor->rows));
    cursor->row_bytes = static_cast<double>(bytes) / static_cast<double>(cursor->rows->num_rows());
    return Status::OK();
  }

  static Status NotSorted() { return Status::Invalid("rows to be merged are not sorted"); }

  // The cursor's row to the output; the cursor moves on.
  Status TakeRow(Cursor* cursor) {
    if (cursor->piece == kNoPiece) {
      cursor->piece = pieces_.size();
      pieces_.push_back({cursor->rows, cursor->row, cursor->row});
    }
    Piece& piece = pieces_[cursor->piece];
    taken_.push_back(
        {static_cast<uint32_t>(cursor->piece), static_cast<uint32_t>(piece.end++ - piece.begin)});
    if (++cursor->row == cursor->rows->num_rows()) return LoadBatch(cursor);
    return cursor->order->Compare(cursor->row - 1, cursor->row) > 0 ? NotSorted() : Status::OK();
  }

  bool Less(size_t a, size_t b) const {
    const Cursor& x = cursors_[a];
    const Cursor& y = cursors_[b];
    const int c = x.order->Compare(x.row, *y.order, y.row);
    return c != 0 ? c < 0 : a < b;
  }

  void SiftDown(size_t place) {
    while (true) {
      size_t least = place;
      for (const size_t child : {2 * place + 1, 2 * place + 2}) {
        if (child < heap_.size() && Less(heap_[child], heap_[least])) least = child;
      }
      if (least == place) return;
      std::swap(heap_[place], heap_[least]);
      place = least;
    }
  }

  // The rows taken, in their order. Null when there are none.
  Result<std::shared_ptr<arrow::RecordBatch>> Gather() {
    const auto taken = std::exchange(taken_, {});
    const auto pieces = std::exchange(pieces_, {});
    for (Cursor& cursor : cursors_) cursor.piece = kNoPiece;
    if (pieces.empty()) return nullptr;
    std::vector<int64_t> begins;
    arrow::RecordBatchVector parts;
    int64_t begin = 0;
    for (const Piece& piece : pieces) {
      begins.push_back(begin);
      parts.push_back(piece.rows->Slice(piece.begin, piece.end - piece.begin));
      begin += parts.back()->num_rows();
    }
    if (parts.size() == 1) return parts[0];
    ARROW_ASSIGN_OR_RAISE(const auto joined, arrow::ConcatenateRecordBatches(parts));
    parts.clear();
    std::vector<int64_t> order;
    order.reserve(taken.size());
    for (const auto& [piece, row] : taken) order.push_back(begins[piece] + row);
    if (std::is_sorted(order.begin(), order.end())) return joined;
    const arrow::Int64Array wanted(begin, arrow::Buffer::Wrap(order.data(), order.size()));
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum gathered,
                          arrow::compute::Take(joined, arrow::Datum(wanted.data()),
                                               arrow::compute::TakeOptions::NoBoundsCheck()));
    return gathered.record_batch();
  }

  struct Taken {
    uint32_t piece, row;
  };

  const std::shared_ptr<arrow::Schema> schema_;
  const int64_t batch_bytes_;
  std::vector<Cursor> cursors_;
  std::vector<size_t> heap_;  // of cursors that have a row, the first one's on top
  std::vector<Piece> pieces_;
  std::vector<Taken> taken_;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> MergeSorted(
    std::vector<std::shared_ptr<arrow::RecordBatchReader>> sources, std::shared_ptr<arrow::Schema> schema,
    int64_t batch_bytes) {
  auto merged = std::make_shared<MergedReader>(std::move(sources), std::move(schema), batch_bytes);
  ARROW_RETURN_NOT_OK(merged->Start());
  return merged;
}

}  // namespace earthcatalog::rows
