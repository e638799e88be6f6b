#include "earthcatalog/fetch/open_batches.h"

namespace earthcatalog::fetch {
namespace {

// Bodies whose average is the guess; when there are more, the older ones count half.
constexpr int64_t kRememberedBodies = 4096;
constexpr int64_t kUsualBody = 16 << 10;
// So many of unknown size start before the first answer.
constexpr int64_t kFirstBodies = 16;

// Rows weigh too: a million missing objects must not fill the memory while the next stage is busy.
int64_t WeightOfRows(size_t rows) { return static_cast<int64_t>(rows * sizeof(Item)); }

}  // namespace

void OpenBatches::Add(inventory::Batch batch) {
  Open& open = open_.emplace_back();
  open.self = std::prev(open_.end());
  open.sequence = batch.sequence;
  open.items.resize(batch.rows.size());
  open.finished.resize(batch.rows.size());
  for (size_t i = 0; i < batch.rows.size(); ++i) open.items[i].row = std::move(batch.rows[i]);
  open_bytes_ += WeightOfRows(batch.rows.size());
  if (open.items.empty()) MoveToComplete(&open);
}

OpenBatches::Ticket OpenBatches::Start() {
  Ticket ticket;
  ticket.open_ = &open_.back();
  ticket.index_ = ticket.open_->started++;
  return ticket;
}

int64_t OpenBatches::ExpectedBytes(const inventory::Row& row) const {
  if (row.size) return std::max<int64_t>(*row.size, 0);
  if (finished_bodies_ > 0) return body_bytes_ / finished_bodies_;
  return finished_rows_ > 0 ? kUsualBody : std::max(max_bytes_ / kFirstBodies, kUsualBody);
}

void OpenBatches::Finish(const Ticket& ticket) {
  Open* open = ticket.open_;
  ++finished_rows_;
  if (!ticket.item().failure) {
    ++finished_bodies_;
    body_bytes_ += static_cast<int64_t>(ticket.item().body.size());
    if (finished_bodies_ > kRememberedBodies) {
      finished_bodies_ /= 2;
      body_bytes_ /= 2;
    }
  }
  open->finished[ticket.index_] = true;
  if (ticket.index_ == open->done) EndSlices(open);
}

// Rows are taken in the order of the batch, whichever was finished first: so slices depend on the data alone.
void OpenBatches::EndSlices(Open* open) {
  while (open->done < open->items.size() && open->finished[open->done]) {
    open->slice_bytes += static_cast<int64_t>(open->items[open->done++].body.size());
    if (open->done == open->items.size()) return MoveToComplete(open);
    if (open->slice_bytes >= slice_bytes_) MoveToComplete(open);
  }
}

// The rows since the last slice. With the batch's last one `open` ends.
void OpenBatches::MoveToComplete(Open* open) {
  Batch& complete = complete_.emplace_back();
  complete.sequence = open->sequence;
  complete.slice = open->slice++;
  complete.last = open->done == open->items.size();
  const auto items = std::make_move_iterator(open->items.begin());
  complete.items.assign(items + static_cast<ptrdiff_t>(open->part_begin),
                        items + static_cast<ptrdiff_t>(open->done));
  const int64_t bytes = open->slice_bytes + WeightOfRows(complete.items.size());
  open_bytes_ -= bytes;
  complete.held = handed_on_.Add({complete.sequence, complete.slice}, bytes);
  open->part_begin = open->done;
  open->slice_bytes = 0;
  if (complete.last) open_.erase(open->self);
}

}  // namespace earthcatalog::fetch
