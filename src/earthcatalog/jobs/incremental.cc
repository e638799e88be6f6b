#include "earthcatalog/jobs/incremental.h"

#include <chrono>

#include "earthcatalog/base/process.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/first_traces.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/ingest/chunk_writer.h"
#include "earthcatalog/ingest/committer.h"
#include "earthcatalog/ingest/encode.h"
#include "earthcatalog/ingest/flow_window.h"
#include "earthcatalog/ingest/known_objects.h"
#include "earthcatalog/ingest/known_rows.h"
#include "earthcatalog/ingest/memory_plan.h"
#include "earthcatalog/ingest/quarantine.h"
#include "earthcatalog/ingest/row_feed.h"
#include "earthcatalog/ingest/row_sources.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/jobs/incremental_options.h"
#include "earthcatalog/jobs/notices.h"

namespace earthcatalog::jobs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kQueuedBatches = 8;

// The parts of one run and their threads.
class Run {
 public:
  Run(const IncrementalOptions& options, const ProgressCallback& progress, CancelSource* cancel)
      : options_(options),
        progress_(progress),
        cancel_(cancel),
        paths_{options.catalog_db, options.warehouse, options.s3},
        memory_(options.memory_limit),
        threads_(options.threads > 0 ? options.threads : CoreCount()),
        sources_(RowsToTake(options)),
        feed_(&sources_, {options.chunk_size, memory_.batch, memory_.item}),
        window_(memory_.window, cancel) {}

  Status Prepare() {
    ARROW_RETURN_NOT_OK(CheckOptions(options_));
    if (!options_.inventory.empty()) {
      // Asked first: of an inventory that is replaced at this moment rows come twice rather than never.
      ARROW_ASSIGN_OR_RAISE(std::string identity, inventory::Identity(options_.inventory));
      ARROW_RETURN_NOT_OK(sources_.AddInventory(options_.inventory));
      selection_ = ingest::Selection{std::move(identity), options_.since, options_.suffix};
    } else {
      // Only a catalogue that exists has rows to retry; the lock would make a mistyped one's folder.
      ARROW_ASSIGN_OR_RAISE(const auto places, catalog::Places::Of(paths_));
      ARROW_RETURN_NOT_OK(places.CheckCatalogExists());
    }
    ARROW_ASSIGN_OR_RAISE(fetcher_, fetch::MakeFetcher(FetchOptions()));
    ARROW_ASSIGN_OR_RAISE(traces_, catalog::FirstTraces::Before(paths_));
    if (options_.use_lock) ARROW_RETURN_NOT_OK(TakeLock());
    ARROW_ASSIGN_OR_RAISE(catalog_,
                          catalog::Catalog::OpenOrCreate(paths_, options_.grid, options_.partitioner));
    ARROW_ASSIGN_OR_RAISE(partitioner_, catalog_->Partitioner());
    ARROW_ASSIGN_OR_RAISE(const catalog::TableGrid grid, catalog_->Grid());
    max_cells_ = grid.config.max_cells.value_or(0);
    Resume();
    ARROW_RETURN_NOT_OK(PrepareQuarantine());
    return LookUpKnown();
  }

  Status Execute() {
    ingest::CurrentSchema schema(catalog_->table().schema());
    ingest::ChunkWriter writer(*catalog_, partitioner_, &schema, threads_, cancel_);
    committer_ = std::make_unique<ingest::Committer>(
        ingest::Committer::Options{options_.batch_add_files, options_.sync, lock_.get(), memory_.chunk,
                                   selection_},
        catalog_.get(), &feed_, cancel_);
    BoundedQueue<inventory::Batch> rows("inventory to fetch", kQueuedBatches, cancel_);
    BoundedQueue<fetch::Batch> bodies("fetch to encode", kQueuedBatches, cancel_);
    BoundedQueue<ingest::EncodedBatch> encoded("encode to chunk", kQueuedBatches, cancel_);
    BoundedQueue<ingest::Chunk> chunks("chunk to write", 1, cancel_);
    BoundedQueue<ingest::WrittenChunk> written("write to commit", 1, cancel_);
    ingest::ChunkAssembler assembler(options_.chunk_size, memory_.chunk, &window_);
    std::atomic<int> encoders_left{threads_};
    {
      ThreadGroup group(cancel_);
      group.Start([&] { return feed_.Run(&rows, &window_); });
      group.Start([&] { return fetcher_->Run(&rows, &bodies, cancel_); });
      for (int i = 0; i < threads_; ++i) {
        group.Start([&] {
          ARROW_RETURN_NOT_OK(EncodeBatches(&schema, &bodies, &encoded));
          if (--encoders_left == 0) encoded.Close();
          return Status::OK();
        });
      }
      group.Start([&] { return assembler.Run(&encoded, &chunks); });
      group.Start([&] { return writer.Run(&chunks, &written); });
      group.Start([&] {
        const Status status = committer_->Run(&written);
        std::lock_guard lock(wake_mutex_);
        finished_ = true;
        wake_.notify_all();
        return status;
      });
      ReportProgress();
    }
    queues_ = {rows.stats(), bodies.stats(), encoded.stats(), chunks.stats(), written.stats()};
    committed_ = committer_->counts();
    committer_.reset();  // removes what it had not committed, as the queue did with what it had not taken
    return cancel_->status();
  }

  // After an error. A first run that ended before its first commit leaves nothing, but for the empty table
  // where it had no lock: others may go on with that.
  void TakeBack() {
    if (committed_.commits > 0) return;
    catalog_.reset();
    if (lock_ != nullptr) traces_.RemoveTable();
    lock_.reset();
    traces_.RemoveFolders();
  }

  void FillReport(IncrementalReport* report) const {
    report->inventory = sources_.counts();
    report->items_catalogued = committed_.catalogued;
    report->items_quarantined = committed_.quarantined;
    report->items_not_reached = report->inventory.selected - committed_.rows_done;
    report->quarantined_by_kind = committed_.quarantined_by_kind;
    report->first_failures = committed_.first_failures;
    report->quarantine_files = committed_.quarantine_files;
    report->rows_written = committed_.rows_written;
    report->files_written = committed_.files_written;
    report->bytes_written = committed_.bytes_written;
    report->commits = committed_.commits;
    report->columns_added = committed_.columns_added;
    report->columns_left_out = committed_.columns_left_out;
    report->overflowed = committed_.overflowed;
    report->wide_items = committed_.wide;
    if (fetcher_ != nullptr) {
      report->bytes_fetched = fetcher_->bytes_fetched();
      report->requests_retried = fetcher_->retries();
    }
    report->queues = queues_;
    report->notices =
        NoticesOf(options_, report->inventory,
                  {.max_in_flight = fetcher_ == nullptr ? options_.max_in_flight : fetcher_->max_in_flight(),
                   .all_done = all_done_,
                   .rows_in_quarantine = rows_in_quarantine_,
                   .other_selections = other_selections_,
                   .wide = committed_.wide,
                   .max_cells = max_cells_,
                   .nothing_found = committed_.quarantined_by_kind ==
                                    std::map<std::string, uint64_t>{{"not_found", committed_.rows_done}}});
  }

 private:
  static inventory::Options RowsToTake(const IncrementalOptions& options) {
    return {options.since, options.limit, options.suffix, {}};
  }

  fetch::Options FetchOptions() const {
    fetch::Options fetch;
    fetch.source = options_.source;
    fetch.max_in_flight = options_.max_in_flight;
    fetch.threads = threads_;
    fetch.max_buffered_bytes = memory_.window;
    fetch.slice_bytes = memory_.batch;
    fetch.max_body_bytes = memory_.item;
    return fetch;
  }

  // Goes on behind what was added of this inventory. That is only added once more with --again, which in turn
  // goes on where the last such run was killed.
  void Resume() {
    if (!selection_) return;
    const auto progress = options_.again ? ingest::FindProgress(catalog_->table(), *selection_)
                                         : ingest::FindFurthest(catalog_->table(), *selection_);
    const bool done =
        progress && (progress->ended || (options_.limit && progress->selected >= *options_.limit));
    if (!done && !options_.again)
      other_selections_ = ingest::FindOtherSelections(catalog_->table(), *selection_);
    if (!progress) return;
    fetcher_->ExpectRefusals();
    if (done && options_.again) return;
    all_done_ = done;
    sources_.SkipDone(*progress, done);
    done_ = *progress;
  }

  // Which rows are of objects that the table has ingested. The inventory is read once more for it, before the
  // first row is fetched, so that of many rows only numbers are held.
  Status LookUpKnown() {
    if (!selection_ || all_done_ || options_.again || options_.add_known) return Status::OK();
    const auto files = ingest::FindObjectFiles(catalog_->table());
    if (files.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto rows, inventory::Open(options_.inventory, RowsToTake(options_)));
    rows->SkipDone(done_.rows, done_.selected);
    auto objects = ingest::OpenObjects(catalog_->warehouse(), files);
    if (!objects.ok())
      return FailedError(
          "what the table has ingested is not to be found: {}. option `on_known` append adds "
          "all that the inventory lists",
          objects.status().message());
    const keys::SortOptions sort{.memory_bytes = memory_.window};
    ARROW_ASSIGN_OR_RAISE(
        auto known, ingest::KnownRows::Find(rows.get(), *std::move(objects), sort, progress_, *cancel_));
    ARROW_ASSIGN_OR_RAISE(const std::string identity, inventory::Identity(options_.inventory));
    if (identity != selection_->inventory)
      return FailedError("the inventory was replaced while it was read; run the command again");
    if (known.without_date() == 0) other_selections_.clear();  // nothing of them is added again
    sources_.SkipKnown(std::move(known));
    return Status::OK();
  }

  // What earlier runs left in the quarantine: what they could not clean up any more, and the rows to retry.
  Status PrepareQuarantine() {
    const ingest::QuarantineNotes notes = ingest::FindQuarantineNotes(catalog_->table());
    ARROW_RETURN_NOT_OK(ingest::SettleQuarantine(catalog_->warehouse(), notes));
    if (lock_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto abandoned,
                            ingest::UncommittedQuarantine(catalog_->warehouse(), notes));
      ingest::RemoveStagedQuarantine(abandoned);
    }
    if (!options_.retry_failed) {
      if (!all_done_) return Status::OK();
      return ingest::CountQuarantine(catalog_->warehouse(), notes).Value(&rows_in_quarantine_);
    }
    fetcher_->ExpectRefusals();
    ARROW_ASSIGN_OR_RAISE(const auto files, ingest::ListQuarantine(catalog_->warehouse()));
    for (const io::Location& file : files) {
      const auto done = notes.rows_taken_up.find(ingest::FileName(file.path));
      ARROW_RETURN_NOT_OK(sources_.AddQuarantine(file, done == notes.rows_taken_up.end() ? 0 : done->second));
    }
    return Status::OK();
  }

  Status TakeLock() {
    ARROW_ASSIGN_OR_RAISE(const io::Location base, paths_.LockFolder());
    ARROW_ASSIGN_OR_RAISE(lock_, catalog::Lock::Acquire(base, "incremental"));
    return Status::OK();
  }

  Status EncodeBatches(ingest::CurrentSchema* schema, BoundedQueue<fetch::Batch>* in,
                       BoundedQueue<ingest::EncodedBatch>* out) {
    ingest::BatchEncoder encoder(schema, partitioner_, max_cells_);
    while (true) {
      ARROW_ASSIGN_OR_RAISE(std::optional<fetch::Batch> batch, in->Pop());
      if (!batch) return Status::OK();
      ARROW_ASSIGN_OR_RAISE(ingest::EncodedBatch encoded, encoder.Encode(std::move(*batch)));
      window_.Measure(encoded.sequence, {encoded.row_count, static_cast<uint64_t>(encoded.rows->num_rows()),
                                         encoded.source_bytes, encoded.failure_bytes});
      items_done_ += encoded.row_count;
      items_failed_ += encoded.failures.size();
      ARROW_RETURN_NOT_OK(out->Push(std::move(encoded)));
    }
  }

  // In the calling thread, until the committer is done or the run is stopped.
  void ReportProgress() {
    std::unique_lock lock(wake_mutex_);
    while (!finished_ && !cancel_->stopped()) {
      wake_.wait_for(lock, kProgressInterval);
      if (!progress_) continue;
      const ingest::CommitCounts committed = committer_->counts();
      const bool all_read = feed_.finished();  // asked first: then the counts below are final
      const inventory::Counts counts = sources_.counts();
      Progress progress;
      progress.rows_read = counts.rows;
      progress.items_done = items_done_;
      progress.items_failed = items_failed_;
      progress.items_committed = committed.catalogued;
      progress.commits = committed.commits;
      progress.bytes_fetched = fetcher_->bytes_fetched();
      progress.total_items = all_read ? counts.selected : options_.limit.value_or(0);
      progress_(progress);
    }
  }

  const IncrementalOptions& options_;
  const ProgressCallback& progress_;
  CancelSource* const cancel_;
  const catalog::Paths paths_;
  const ingest::MemoryPlan memory_;
  const int threads_;
  std::optional<ingest::Selection> selection_;            // of the inventory, if there is one
  ingest::InventoryProgress done_;                        // of it, by earlier runs
  bool all_done_ = false;                                 // as a whole
  std::vector<ingest::OtherSelection> other_selections_;  // whose rows may come again
  uint64_t rows_in_quarantine_ = 0;                       // where all is done and none is retried
  ingest::RowSources sources_;
  ingest::RowFeed feed_;
  ingest::FlowWindow window_;
  std::unique_ptr<fetch::Fetcher> fetcher_;
  catalog::FirstTraces traces_;
  std::unique_ptr<catalog::Lock> lock_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::shared_ptr<const grid::Partitioner> partitioner_;
  int64_t max_cells_ = 0;  // its limit
  std::unique_ptr<ingest::Committer> committer_;
  std::atomic<uint64_t> items_done_{0};
  std::atomic<uint64_t> items_failed_{0};
  std::mutex wake_mutex_;
  bool finished_ = false;  // guarded by wake_mutex_
  std::condition_variable wake_;
  ingest::CommitCounts committed_;
  std::vector<QueueStats> queues_;
};

}  // namespace

Status RunIncremental(const IncrementalOptions& options, const ProgressCallback& progress,
                      CancelSource* cancel, IncrementalReport* report) {
  const Clock::time_point start = Clock::now();
  Run run(options, progress, cancel);
  Status status = run.Prepare();
  if (status.ok()) status = run.Execute();
  run.FillReport(report);
  if (!status.ok() && KindOf(status) != ErrorKind::kInterrupted) run.TakeBack();
  if (!status.ok()) report->error = status.message();
  report->seconds = std::chrono::duration<double>(Clock::now() - start).count();
  report->peak_memory = PeakMemory();
  return status;
}

}  // namespace earthcatalog::jobs
