#include "earthcatalog/pipeline/row_feed.h"

#include <algorithm>

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
  to->malformed += from.malformed;
  to->first_malformed.insert(to->first_malformed.end(), from.first_malformed.begin(),
                             from.first_malformed.end());
}

int64_t KnownBytes(const inventory::Batch& batch) {
  int64_t total = 0;
  for (const inventory::Row& row : batch.rows) {
    if (!row.size) return 0;
    total += *row.size;
  }
  return total;
}

}  // namespace

RowFeed::RowFeed(inventory::Options options, std::optional<uint64_t> chunk_size)
    : options_(std::move(options)), chunk_size_(chunk_size) {}

Status RowFeed::AddInventory(const std::string& path_or_uri) {
  ARROW_ASSIGN_OR_RAISE(auto reader, inventory::Open(path_or_uri, options_));
  sources_.push_back({std::move(reader), ""});
  return Status::OK();
}

Status RowFeed::AddQuarantine(const std::string& path_or_uri) {
  inventory::Options everything;
  everything.suffix.clear();
  ARROW_ASSIGN_OR_RAISE(auto reader, inventory::Open(path_or_uri, everything));
  sources_.push_back({std::move(reader), path_or_uri});
  return Status::OK();
}

Status RowFeed::Run(BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  for (Source& source : sources_) ARROW_RETURN_NOT_OK(FeedSource(&source, out, window));
  finished_ = true;
  out->Close();
  return Status::OK();
}

Status RowFeed::FeedSource(Source* source, BoundedQueue<inventory::Batch>* out, FlowWindow* window) {
  const bool quarantine = !source->quarantine_file.empty();
  while (true) {
    ARROW_ASSIGN_OR_RAISE(std::optional<inventory::Batch> batch, source->reader->Next(NextBatchRows()));
    if (!batch) break;
    if (quarantine) DropRowsSeenBefore(&*batch);
    Publish();
    if (batch->rows.empty()) continue;
    batch->sequence = sequence_++;
    rows_fed_ += batch->rows.size();
    ARROW_RETURN_NOT_OK(window->Admit(batch->sequence, batch->rows.size(), KnownBytes(*batch)));
    ARROW_RETURN_NOT_OK(out->Push(std::move(*batch)));
  }
  Publish();
  if (quarantine) {
    std::lock_guard lock(mutex_);
    finished_quarantine_.emplace_back(rows_fed_, source->quarantine_file);
  }
  return Status::OK();
}

// A row that failed in two runs is in two files.
void RowFeed::DropRowsSeenBefore(inventory::Batch* batch) {
  const auto seen = [this](const inventory::Row& row) {
    std::string name = row.bucket;
    name.push_back('\0');
    name += row.key;
    return !quarantined_.insert(std::move(name)).second;
  };
  duplicates_ += std::erase_if(batch->rows, seen);
}

size_t RowFeed::NextBatchRows() const {
  if (!chunk_size_) return kBatchRows;
  return std::min(kBatchRows, *chunk_size_ - rows_fed_ % *chunk_size_);
}

void RowFeed::Publish() {
  inventory::Counts counts;
  for (const Source& source : sources_) Accumulate(source.reader->counts(), &counts);
  counts.rows -= duplicates_;
  counts.selected -= duplicates_;
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
