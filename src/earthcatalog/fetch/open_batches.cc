#include "earthcatalog/fetch/open_batches.h"

namespace earthcatalog::fetch {
namespace {

// Bodies whose average is the guess; when there are more, the older ones count half.
constexpr int64_t kRememberedBodies = 4096;
constexpr int64_t kUsualBody = 16 << 10;
// So many of unknown size start before the first answer.
constexpr int64_t kFirstBodies = 16;

}  // namespace

void OpenBatches::Add(inventory::Batch batch) {
  Open& open = open_.emplace_back();
  open.self = std::prev(open_.end());
  open.batch.sequence = batch.sequence;
  open.batch.items.resize(batch.rows.size());
  for (size_t i = 0; i < batch.rows.size(); ++i) open.batch.items[i].row = std::move(batch.rows[i]);
  // Rows weigh too: a million missing objects must not fill the memory while the next stage is busy.
  open.bytes = static_cast<int64_t>(batch.rows.size() * sizeof(Item));
  held_bytes_ += open.bytes;
  if (open.batch.items.empty()) MoveToComplete(&open);
}

OpenBatches::Ticket OpenBatches::Start() {
  Ticket ticket;
  ticket.open_ = &open_.back();
  ticket.index_ = ticket.open_->started++;
  return ticket;
}

void OpenBatches::Charge(const Ticket& ticket, int64_t bytes) {
  ticket.open_->bytes += bytes;
  held_bytes_ += bytes;
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
  if (++open->finished == open->batch.items.size()) MoveToComplete(open);
}

void OpenBatches::PopComplete() {
  held_bytes_ -= complete_.front().bytes;
  complete_.pop_front();
}

void OpenBatches::MoveToComplete(Open* open) {
  complete_.push_back({std::move(open->batch), open->bytes});
  open_.erase(open->self);
}

}  // namespace earthcatalog::fetch
