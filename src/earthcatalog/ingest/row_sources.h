// Where a run's rows come from: the quarantine that it takes up again, then its inventory, read as one.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "earthcatalog/ingest/known_rows.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::ingest {

// First the quarantined rows, then those of the inventory that are not among them. No row comes twice from
// the quarantine or from both: one that is in several quarantine files comes from the last of them, so that
// what is behind a commit is never in a file behind which the next run goes on. Used by one thread at a time.
class RowSources {
 public:
  explicit RowSources(inventory::Options options) : options_(std::move(options)) {}

  // Opens the inventory now, so that what is wrong with it is known before anything is made.
  Status AddInventory(const std::string& path_or_uri);
  // The first rows of the inventory are behind a commit: counted, not given. With `all` no other row is read.
  void SkipDone(const InventoryProgress& progress, bool all);
  // The inventory's rows that are known are counted, not given.
  void SkipKnown(KnownRows known) { known_rows_ = std::move(known); }
  // The rows of a quarantine file but the first `rows_done`, given before the inventory's; filters do not
  // apply to them. Reads it once now, for its rows' names, and again when its turn comes.
  Status AddQuarantine(const io::Location& file, uint64_t rows_done = 0);

  // Rows of one source.
  struct Portion {
    std::vector<inventory::Row> rows;  // at least one
    // The quarantine file that they are of, null for the inventory. Lives as long as the sources.
    const io::Location* quarantine = nullptr;
  };
  // The next rows, at most so many; nothing at the end of all sources.
  Result<std::optional<Portion>> Next(uint64_t max_rows);

  struct Ended {
    const io::Location* quarantine;  // as in Portion
    InventoryProgress progress;
  };
  // The sources that have ended since the last call: what Next() gave of them was all.
  std::vector<Ended> TakeEnded() { return std::exchange(ended_, {}); }

  // What was read so far; any thread. Quarantined rows are counted as rows and selected too.
  inventory::Counts counts() const;

 private:
  struct Source {
    std::optional<io::Location> quarantine;     // the file; nothing: the inventory
    uint64_t rows_done = 0;                     // of the quarantine file
    std::unique_ptr<inventory::Reader> reader;  // of a quarantine file only while it is its turn
    inventory::Counts counts{};                 // when it has ended
    bool read_all = false;
    Status failed{};  // what came behind the rows that were read

    const io::Location* file() const { return quarantine ? &*quarantine : nullptr; }
  };
  struct QuarantinedPlace {
    const Source* source;
    uint64_t row_number;
  };
  // Nothing at the end of the source.
  static Result<std::optional<inventory::Batch>> Read(Source* source, uint64_t max_rows);
  Status ReadPortion(Source* source, uint64_t max_rows, std::vector<inventory::Row>* rows);
  void DropRowsOfOtherPlaces(const Source& source, inventory::Batch* batch);
  void DropKnown(inventory::Batch* batch);
  void End(const Source& source);
  void Publish();

  const inventory::Options options_;
  std::vector<std::unique_ptr<Source>> sources_;  // the inventory last
  size_t reading_ = 0;                            // the source whose turn it is
  std::vector<Ended> ended_;
  inventory::Counts ended_counts_;
  // Of each quarantined row, by the name of its object: the last place.
  std::unordered_map<std::string, QuarantinedPlace> quarantined_;
  uint64_t duplicates_ = 0;     // quarantined rows that are in a newer file, too
  uint64_t retried_ = 0;        // the inventory's rows that came from the quarantine before
  KnownRows known_rows_;        // of the inventory
  uint64_t known_ = 0;          // of these, read so far
  uint64_t selected_done_ = 0;  // of the inventory, before this run
  uint64_t rows_all_done_ = 0;  // of an inventory that is not read, since it is behind a commit as a whole

  mutable std::mutex mutex_;
  inventory::Counts counts_;  // guarded
};

}  // namespace earthcatalog::ingest
