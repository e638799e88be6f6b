#include "earthcatalog/ingest/row_sources.h"

#include <iterator>

#include "earthcatalog/base/text.h"
#include "earthcatalog/ingest/known_objects.h"
#include "earthcatalog/ingest/quarantine.h"

namespace earthcatalog::ingest {
namespace {

constexpr uint64_t kNameRows = 256;  // of a quarantine file read for its names, at a time

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

}  // namespace

Status RowSources::AddInventory(const std::string& path_or_uri) {
  ARROW_ASSIGN_OR_RAISE(auto reader, inventory::Open(path_or_uri, options_));
  sources_.push_back(std::make_unique<Source>());
  sources_.back()->reader = std::move(reader);
  return Status::OK();
}

void RowSources::SkipDone(const InventoryProgress& progress, bool all) {
  if (all) {
    rows_all_done_ = progress.rows;
    sources_.pop_back();
    Publish();
  } else {
    selected_done_ = progress.selected;
    sources_.back()->reader->SkipDone(progress.rows, progress.selected);
  }
}

Status RowSources::AddQuarantine(const io::Location& file, uint64_t rows_done) {
  auto source = std::make_unique<Source>();
  source->quarantine = file;
  source->rows_done = rows_done;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, Read(source.get(), kNameRows));
    if (!batch) break;
    for (const inventory::Row& row : batch->rows) {
      quarantined_.insert_or_assign(NameOfObject(row), QuarantinedPlace{source.get(), row.row_number});
    }
  }
  const bool inventory_is_open = !sources_.empty() && sources_.back()->file() == nullptr;
  sources_.insert(sources_.end() - (inventory_is_open ? 1 : 0), std::move(source));
  return Status::OK();
}

// Of the quarantine files, of which there may be thousands, one is open at a time.
Result<std::optional<inventory::Batch>> RowSources::Read(Source* source, uint64_t max_rows) {
  if (source->reader == nullptr) {
    inventory::Options everything;
    everything.suffix.clear();
    everything.s3 = source->quarantine->s3;
    ARROW_ASSIGN_OR_RAISE(source->reader, inventory::Open(source->quarantine->name(), everything));
    source->reader->SkipDone(source->rows_done, source->rows_done);
  }
  ARROW_ASSIGN_OR_RAISE(std::optional<inventory::Batch> batch, source->reader->Next(max_rows));
  if (!batch) {
    source->counts = source->reader->counts();
    source->reader.reset();
  } else if (source->quarantine && source->quarantine->path.ends_with(kEscapedSuffix)) {
    Unescape(&*batch);
  }
  return batch;
}

Result<std::optional<RowSources::Portion>> RowSources::Next(uint64_t max_rows) {
  while (reading_ < sources_.size()) {
    Source& source = *sources_[reading_];
    Portion portion{{}, source.file()};
    ARROW_RETURN_NOT_OK(ReadPortion(&source, max_rows, &portion.rows));
    if (portion.rows.empty()) End(source);
    Publish();
    if (!portion.rows.empty()) return portion;
  }
  return std::nullopt;
}

// Full even where few rows are left of many, so that what comes behind does not work on single ones. An error
// comes after the rows before it.
Status RowSources::ReadPortion(Source* source, uint64_t max_rows, std::vector<inventory::Row>* rows) {
  while (source->failed.ok() && !source->read_all && rows->size() < max_rows) {
    auto batch = Read(source, max_rows - rows->size());
    source->failed = batch.status();
    if (!batch.ok()) break;
    source->read_all = !*batch;
    if (source->read_all) break;
    DropRowsOfOtherPlaces(*source, &**batch);
    if (!source->quarantine) DropKnown(&**batch);
    std::move((*batch)->rows.begin(), (*batch)->rows.end(), std::back_inserter(*rows));
  }
  return rows->empty() ? source->failed : Status::OK();
}

void RowSources::End(const Source& source) {
  Accumulate(source.counts, &ended_counts_);
  const uint64_t selected = selected_done_ + source.counts.selected;
  const bool limited = options_.limit && selected >= *options_.limit;
  ended_.push_back({source.file(), {source.counts.rows, selected, source.quarantine || !limited}});
  ++reading_;
}

// A row that failed in two runs is in two files, and it may be in the inventory again.
void RowSources::DropRowsOfOtherPlaces(const Source& source, inventory::Batch* batch) {
  if (quarantined_.empty()) return;
  const bool quarantine = source.quarantine.has_value();
  (quarantine ? duplicates_ : retried_) += std::erase_if(batch->rows, [&](const inventory::Row& row) {
    const auto place = quarantined_.find(NameOfObject(row));
    if (place == quarantined_.end()) return false;
    if (!quarantine) return true;
    return place->second.source != &source || place->second.row_number != row.row_number;
  });
}

void RowSources::DropKnown(inventory::Batch* batch) {
  if (known_rows_.empty()) return;
  known_ += std::erase_if(
      batch->rows, [&](const inventory::Row& row) { return known_rows_.Contains(row.selected_number); });
}

void RowSources::Publish() {
  inventory::Counts counts = ended_counts_;
  if (reading_ < sources_.size()) {
    const Source& source = *sources_[reading_];
    if (source.reader) Accumulate(source.reader->counts(), &counts);
    if (source.read_all) Accumulate(source.counts, &counts);
  }
  counts.rows += rows_all_done_;
  counts.rows -= duplicates_;
  counts.selected -= duplicates_ + retried_ + known_;
  counts.skipped_retried = retried_;
  counts.skipped_known = known_;
  counts.skipped_done += rows_all_done_;
  std::lock_guard lock(mutex_);
  counts_ = std::move(counts);
}

inventory::Counts RowSources::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace earthcatalog::ingest
