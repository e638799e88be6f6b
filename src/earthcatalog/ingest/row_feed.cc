#include "earthcatalog/ingest/row_feed.h"

#include <algorithm>
#include <iterator>

#include "earthcatalog/base/text.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/ingest/quarantine.h"

namespace earthcatalog::ingest {
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
  to->skipped_done += from.skipped_done;
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

// Bucket, NUL, key.
std::string NameOf(const inventory::Row& row) {
  std::string name = row.bucket;
  return name.append(1, '\0').append(row.key);
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
  sources_.push_back({.quarantine = std::nullopt, .rows_done = 0, .reader = std::move(reader)});
  return Status::OK();
}

void RowFeed::SkipDone(const InventoryProgress& progress, bool all) {
  if (all) {
    rows_all_done_ = progress.rows;
    sources_.pop_back();
    Publish();
  } else {
    selected_done_ = progress.selected;
    sources_.back().reader->SkipDone(progress.rows, progress.selected);
  }
}

Status RowFeed::AddQuarantine(const io::Location& file, uint64_t rows_done) {
  const bool inventory_is_open = !sources_.empty() && !sources_.back().quarantine;
  const size_t place = sources_.size() - (inventory_is_open ? 1 : 0);
  Source source{.quarantine = file, .rows_done = rows_done, .reader = nullptr};
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, Read(&source));
    if (!batch) break;
    for (const inventory::Row& row : batch->rows) {
      quarantined_.insert_or_assign(NameOf(row), QuarantinedPlace{place, row.row_number});
    }
  }
  sources_.insert(sources_.begin() + static_cast<ptrdiff_t>(place), std::move(source));
  return Status::OK();
}

// Of the quarantine files, of which there may be thousands, one is open at a time.
Result<std::optional<inventory::Batch>> RowFeed::Read(Source* source) {
  if (source->reader == nullptr) {
    inventory::Options everything;
    everything.suffix.clear();
    everything.s3 = source->quarantine->s3;
    ARROW_ASSIGN_OR_RAISE(source->reader, inventory::Open(source->quarantine->name(), everything));
    source->reader->SkipDone(source->rows_done, source->rows_done);
  }
  ARROW_ASSIGN_OR_RAISE(std::optional<inventory::Batch> batch, source->reader->Next(NextBatchRows()));
  if (!batch) {
    source->counts = source->reader->counts();
    source->reader.reset();
  } else if (source->quarantine && source->quarantine->path.ends_with(kEscapedSuffix)) {
    Unescape(&*batch);
  }
  return batch;
}

// Reads one portion ahead: which sources end with a portion is known before its rows are on their way to the
// commit, which says so in the table.
Status RowFeed::Run(BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  Result<std::optional<Portion>> next = NextPortion();
  MarkEnded();  // sources without a row before the first one
  while (next.ok() && *next) {
    Portion portion = std::move(**next);
    next = NextPortion();
    ARROW_RETURN_NOT_OK(Feed(std::move(portion), out, window));
  }
  ARROW_RETURN_NOT_OK(next.status());
  MarkEnded();
  finished_ = true;
  out->Close();
  return Status::OK();
}

// The next rows; nothing at the end of all sources.
Result<std::optional<RowFeed::Portion>> RowFeed::NextPortion() {
  while (reading_ < sources_.size()) {
    ARROW_ASSIGN_OR_RAISE(std::optional<inventory::Batch> batch, Read(&sources_[reading_]));
    if (batch) {
      DropRowsOfOtherPlaces(reading_, &*batch);
    } else {
      Accumulate(sources_[reading_].counts, &ended_counts_);
      ended_.push_back(reading_++);
    }
    Publish();
    if (!batch || batch->rows.empty()) continue;
    rows_taken_ += batch->rows.size();
    return Portion{std::move(batch->rows), reading_};
  }
  return std::nullopt;
}

// Cut where the bytes would be too many at once.
Status RowFeed::Feed(Portion portion, BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  auto row = portion.rows.begin();
  while (row != portion.rows.end()) {
    inventory::Batch piece;
    int64_t bytes = 0;
    std::vector<Mark> marks;
    for (; row != portion.rows.end(); ++row) {
      const int64_t weight = WeightOf(*row);
      if (!piece.rows.empty() && bytes + weight > limits_.batch_bytes) break;
      bytes += weight;
      marks.push_back({++rows_fed_, portion.source, {row->row_number, row->selected_number}});
      piece.rows.push_back(std::move(*row));
    }
    SetMarks(marks);
    if (row == portion.rows.end()) MarkEnded();
    piece.sequence = sequence_++;
    ARROW_RETURN_NOT_OK(window->Admit(piece.sequence, piece.rows.size(), SizesAreKnown(piece) ? bytes : 0));
    ARROW_RETURN_NOT_OK(out->Push(std::move(piece)));
  }
  return Status::OK();
}

// The sources that gave no row since the portion that is being fed have no more.
void RowFeed::MarkEnded() {
  for (const size_t source : ended_) {
    const auto& [quarantine, rows_done, reader, counts] = sources_[source];
    const uint64_t selected = selected_done_ + counts.selected;
    const bool limited = options_.limit && selected >= *options_.limit;
    SetMarks({{rows_fed_, source, {counts.rows, selected, quarantine || !limited}}});
  }
  ended_.clear();
}

void RowFeed::SetMarks(const std::vector<Mark>& marks) {
  std::lock_guard lock(mutex_);
  marks_.insert(marks_.end(), marks.begin(), marks.end());
}

FeedPosition RowFeed::PositionAt(uint64_t rows) {
  std::lock_guard lock(mutex_);
  for (; !marks_.empty() && marks_.front().fed <= rows; marks_.pop_front()) {
    const auto& [fed, source, progress] = marks_.front();
    const std::optional<io::Location>& file = sources_[source].quarantine;
    if (!file) {
      position_.inventory = progress;
    } else if (progress.ended) {
      position_.finished_quarantine.push_back(file->path);
      position_.unfinished_quarantine.clear();
    } else {
      position_.unfinished_quarantine = file->path;
      position_.unfinished_rows = progress.rows;
    }
  }
  return position_;
}

// The size is a claim: it may be any number.
int64_t RowFeed::WeightOf(const inventory::Row& row) const {
  const int64_t item = row.size ? std::clamp<int64_t>(*row.size, 0, limits_.item_bytes) : kAssumedItemBytes;
  return item + static_cast<int64_t>(sizeof(fetch::Item) + row.bucket.size() + row.key.size());
}

// A row that failed in two runs is in two files, and it may be in the inventory again.
void RowFeed::DropRowsOfOtherPlaces(size_t source, inventory::Batch* batch) {
  if (quarantined_.empty()) return;
  const bool quarantine = sources_[source].quarantine.has_value();
  (quarantine ? duplicates_ : retried_) += std::erase_if(batch->rows, [&](const inventory::Row& row) {
    const auto place = quarantined_.find(NameOf(row));
    if (place == quarantined_.end()) return false;
    if (!quarantine) return true;
    return place->second.source != source || place->second.row_number != row.row_number;
  });
}

size_t RowFeed::NextBatchRows() const {
  if (!limits_.chunk_size) return kBatchRows;
  return std::min(kBatchRows, *limits_.chunk_size - rows_taken_ % *limits_.chunk_size);
}

void RowFeed::Publish() {
  inventory::Counts counts = ended_counts_;
  if (reading_ < sources_.size() && sources_[reading_].reader) {
    Accumulate(sources_[reading_].reader->counts(), &counts);
  }
  counts.rows += rows_all_done_;
  counts.rows -= duplicates_;
  counts.selected -= duplicates_ + retried_;
  counts.skipped_retried = retried_;
  counts.skipped_done += rows_all_done_;
  std::lock_guard lock(mutex_);
  counts_ = std::move(counts);
}

inventory::Counts RowFeed::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace earthcatalog::ingest
