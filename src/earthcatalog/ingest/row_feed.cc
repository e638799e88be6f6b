#include "earthcatalog/ingest/row_feed.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::ingest {
namespace {

// Small enough that a slow row holds up little, large enough that locks and wake-ups cost nothing.
constexpr uint64_t kBatchRows = 256;

bool SizesAreKnown(const inventory::Batch& batch) {
  return std::all_of(batch.rows.begin(), batch.rows.end(),
                     [](const inventory::Row& row) { return row.size.has_value(); });
}

}  // namespace

// Reads one portion ahead: which sources end with a portion is known before its rows are on their way to the
// commit, which says so in the table.
Status RowFeed::Run(BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  Result<std::optional<RowSources::Portion>> next = NextPortion();
  MarkEnded();  // sources without a row before the first one
  while (next.ok() && *next) {
    RowSources::Portion portion = std::move(**next);
    next = NextPortion();
    ARROW_RETURN_NOT_OK(Feed(std::move(portion), out, window));
  }
  ARROW_RETURN_NOT_OK(next.status());
  MarkEnded();
  finished_ = true;
  out->Close();
  return Status::OK();
}

Result<std::optional<RowSources::Portion>> RowFeed::NextPortion() {
  auto portion = sources_->Next(NextBatchRows());
  for (RowSources::Ended& ended : sources_->TakeEnded()) ended_.push_back(std::move(ended));
  if (portion.ok() && *portion) rows_taken_ += (*portion)->rows.size();
  return portion;
}

// Cut where the bytes would be too many at once. A mark for each row, since a chunk may end in a batch.
Status RowFeed::Feed(RowSources::Portion portion, BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  auto row = portion.rows.begin();
  while (row != portion.rows.end()) {
    inventory::Batch batch;
    int64_t bytes = 0;
    std::vector<FeedMarks::Mark> marks;
    for (; row != portion.rows.end(); ++row) {
      const int64_t weight = WeightOf(*row);
      if (!batch.rows.empty() && bytes + weight > limits_.batch_bytes) break;
      bytes += weight;
      marks.push_back({++rows_fed_, portion.quarantine, {row->row_number, row->selected_number}});
      batch.rows.push_back(std::move(*row));
    }
    marks_.Add(marks);
    if (row == portion.rows.end()) MarkEnded();
    batch.sequence = sequence_++;
    ARROW_RETURN_NOT_OK(window->Admit(batch.sequence, batch.rows.size(), SizesAreKnown(batch) ? bytes : 0));
    ARROW_RETURN_NOT_OK(out->Push(std::move(batch)));
  }
  return Status::OK();
}

void RowFeed::MarkEnded() {
  for (const RowSources::Ended& ended : std::exchange(ended_, {})) {
    marks_.Add({{rows_fed_, ended.quarantine, ended.progress}});
  }
}

// The size is a claim: it may be any number.
int64_t RowFeed::WeightOf(const inventory::Row& row) const {
  const int64_t item = row.size ? std::clamp<int64_t>(*row.size, 0, limits_.item_bytes) : kAssumedItemBytes;
  return item + static_cast<int64_t>(sizeof(fetch::Item) + row.bucket.size() + row.key.size());
}

size_t RowFeed::NextBatchRows() const {
  if (!limits_.chunk_size) return kBatchRows;
  return std::min(kBatchRows, *limits_.chunk_size - rows_taken_ % *limits_.chunk_size);
}

}  // namespace earthcatalog::ingest
