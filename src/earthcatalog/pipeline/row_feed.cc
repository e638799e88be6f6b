#include "earthcatalog/pipeline/row_feed.h"

#include <algorithm>
#include <iterator>

#include "earthcatalog/base/text.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/pipeline/quarantine.h"

namespace earthcatalog::pipeline {
namespace {

// Small enough that a slow row holds up little, large enough that locks and wake-ups cost nothing.
constexpr uint64_t kBatchRows = 256;

void Accumulate(const inventory::Counts& from, inventory::Counts* to) {
  to->rows += from.rows;
  to->selected += from.selected;
  to->skipped_suffix += from.skipped_suffix;
  to->skipped_since += from.skipped_since;
  to->skipped_delete_marker += from.skipped_delete_marker;
  to->skipped_old_version += from.skipped_old_version;
  to->passed_without_date += from.passed_without_date;
  to->malformed += from.malformed;
  to->first_malformed.insert(to->first_malformed.end(), from.first_malformed.begin(),
                             from.first_malformed.end());
}

void Unescape(inventory::Batch* batch) {
  for (inventory::Row& row : batch->rows) {
    row.bucket = PercentDecode(row.bucket, /*plus_is_space=*/false);
    row.key = PercentDecode(row.key, /*plus_is_space=*/false);
  }
}

bool SizesAreKnown(const inventory::Batch& batch) {
  return std::all_of(batch.rows.begin(), batch.rows.end(),
                     [](const inventory::Row& row) { return row.size.has_value(); });
}

}  // namespace

RowFeed::RowFeed(inventory::Options options, const Limits& limits)
    : options_(std::move(options)), limits_(limits) {}

Status RowFeed::AddInventory(const std::string& path_or_uri) {
  ARROW_ASSIGN_OR_RAISE(auto reader, inventory::Open(path_or_uri, options_));
  sources_.push_back({std::move(reader), "", false});
  return Status::OK();
}

Status RowFeed::AddQuarantine(const io::Location& file) {
  inventory::Options everything;
  everything.suffix.clear();
  everything.s3 = file.s3;
  ARROW_ASSIGN_OR_RAISE(auto reader, inventory::Open(file.local ? file.path : file.uri, everything));
  const bool inventory_is_open = !sources_.empty() && sources_.back().quarantine_file.empty();
  sources_.insert(inventory_is_open ? std::prev(sources_.end()) : sources_.end(),
                  Source{std::move(reader), file.path, file.path.ends_with(kEscapedSuffix)});
  return Status::OK();
}

Status RowFeed::Run(BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  for (Source& source : sources_) ARROW_RETURN_NOT_OK(FeedSource(&source, out, window));
  finished_ = true;
  out->Close();
  return Status::OK();
}

// Reads one batch ahead: a quarantine file's end is known before its last rows are on their way to the
// commit, which says in the table that the file is done.
Status RowFeed::FeedSource(Source* source, BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  Result<std::optional<inventory::Batch>> next = NextBatch(source);
  while (next.ok() && *next) {
    inventory::Batch batch = std::move(**next);
    next = NextBatch(source);
    if (next.ok() && !*next) Finish(*source);
    ARROW_RETURN_NOT_OK(FeedBatch(std::move(batch), out, window));
  }
  ARROW_RETURN_NOT_OK(next.status());
  Finish(*source);
  return Status::OK();
}

// The next batch with any rows; nothing at the end.
Result<std::optional<inventory::Batch>> RowFeed::NextBatch(Source* source) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(std::optional<inventory::Batch> batch, source->reader->Next(NextBatchRows()));
    if (batch && source->escaped) Unescape(&*batch);
    if (batch) DropRowsSeenBefore(*source, &*batch);
    Publish();
    if (batch && batch->rows.empty()) continue;
    if (batch) rows_taken_ += batch->rows.size();
    return batch;
  }
}

void RowFeed::Finish(const Source& source) {
  if (source.quarantine_file.empty()) return;
  std::lock_guard lock(mutex_);
  const std::pair end(rows_taken_, source.quarantine_file);
  if (finished_quarantine_.empty() || finished_quarantine_.back() != end) finished_quarantine_.push_back(end);
}

// Cut where the bytes would be too many at once.
Status RowFeed::FeedBatch(inventory::Batch batch, BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  auto row = batch.rows.begin();
  while (row != batch.rows.end()) {
    inventory::Batch piece;
    int64_t bytes = 0;
    for (; row != batch.rows.end(); ++row) {
      const int64_t weight = WeightOf(*row);
      if (!piece.rows.empty() && bytes + weight > limits_.batch_bytes) break;
      bytes += weight;
      piece.rows.push_back(std::move(*row));
    }
    piece.sequence = sequence_++;
    ARROW_RETURN_NOT_OK(window->Admit(piece.sequence, piece.rows.size(), SizesAreKnown(piece) ? bytes : 0));
    ARROW_RETURN_NOT_OK(out->Push(std::move(piece)));
  }
  return Status::OK();
}

// The size is a claim: it may be any number.
int64_t RowFeed::WeightOf(const inventory::Row& row) const {
  const int64_t item = row.size ? std::clamp<int64_t>(*row.size, 0, limits_.item_bytes) : kAssumedItemBytes;
  return item + static_cast<int64_t>(sizeof(fetch::Item) + row.bucket.size() + row.key.size());
}

// A row that failed in two runs is in two files, and it may be in the inventory again.
void RowFeed::DropRowsSeenBefore(const Source& source, inventory::Batch* batch) {
  const bool quarantine = !source.quarantine_file.empty();
  if (!quarantine && quarantined_.empty()) return;
  std::string name;
  const auto seen = [&](const inventory::Row& row) {
    name.assign(row.bucket).append(1, '\0').append(row.key);
    return quarantine ? !quarantined_.insert(name).second : quarantined_.contains(name);
  };
  (quarantine ? duplicates_ : retried_) += std::erase_if(batch->rows, seen);
}

size_t RowFeed::NextBatchRows() const {
  if (!limits_.chunk_size) return kBatchRows;
  return std::min(kBatchRows, *limits_.chunk_size - rows_taken_ % *limits_.chunk_size);
}

void RowFeed::Publish() {
  inventory::Counts counts;
  for (const Source& source : sources_) Accumulate(source.reader->counts(), &counts);
  counts.rows -= duplicates_;
  counts.selected -= duplicates_ + retried_;
  counts.skipped_retried = retried_;
  std::lock_guard lock(mutex_);
  counts_ = std::move(counts);
}

inventory::Counts RowFeed::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<std::string> RowFeed::QuarantineFilesWithin(uint64_t rows) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> files;
  for (const auto& [end, file] : finished_quarantine_) {
    if (end <= rows) files.push_back(file);
  }
  return files;
}

}  // namespace earthcatalog::pipeline
