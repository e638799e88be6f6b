// Runs an ingest's stages one after the other over a few rows, without fetching anything.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/ingest/committer.h"
#include "earthcatalog/ingest/row_feed.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::ingest {

// A point of 2024 at 42 degrees north. `properties` are JSON members, each with a comma before it.
std::string ItemAt(double longitude, const std::string& properties = "");

// Rows and what cuts them into batches.
struct SourcedFeed {
  SourcedFeed(inventory::Options options, const RowFeed::Limits& limits)
      : sources(std::move(options)), feed(&sources, limits) {}

  FeedPosition PositionAt(uint64_t rows) { return feed.PositionAt(rows); }

  RowSources sources;
  RowFeed feed;
};

// The batches of all rows.
std::vector<inventory::Batch> Fed(RowFeed* feed);
// The keys of its rows, in their order.
std::vector<std::string> KeysIn(const io::Location& quarantine_file);

// A published quarantine file with rows of these keys.
io::Location Quarantine(const io::Location& warehouse, const std::vector<std::string>& keys);

// The paths of the data files that lie below the warehouse, whoever names them.
std::set<std::string> DataFilesBelow(const std::string& warehouse);
// The paths of those that the current snapshot names.
std::set<std::string> DataFilesOf(const iceberg::Table& table);

// A run over rows with made-up items. Rows whose key begins with "bad" are not found. Each of the others, up
// to 17 of them, is an item in a cell of its own, and so a data file of its own.
class SmallRun {
 public:
  // Opens the catalogue, or makes it.
  explicit SmallRun(const catalog::Paths& locations, uint64_t chunk_size = 2,
                    Committer::Options options = {.sync = false, .selection = {}});

  // Of rows whose keys end in .json.
  void AddInventory(const std::string& path);
  RowSources& sources() { return sources_; }

  // Makes a chunk of each of the feed's batches, which end where sources do, too. Writes all of them, then
  // commits. `before_chunk` is called with the number of each, from 0, when the committer takes it: what
  // belongs to the chunk before is done then.
  Status Execute(const std::function<void(size_t chunk)>& before_chunk = {});

  const Selection& selection() const { return *options_.selection; }
  CommitCounts counts() const { return committer_->counts(); }

 private:
  Committer::Options options_;
  CancelSource cancel_;
  const std::unique_ptr<catalog::Catalog> catalog_;
  RowSources sources_;
  RowFeed feed_;
  std::unique_ptr<Committer> committer_;
};

// A catalogue in a folder of its own, and what is to be seen of it on disk.
class SmallRunTest : public testing::Test {
 protected:
  // An inventory with these keys.
  std::string Inventory(const std::vector<std::string>& keys,
                        const std::string& name = "inventory.csv") const;

  io::Location Warehouse() const { return io::Resolve(locations_.warehouse).ValueOrDie(); }
  // The table as it is now, whoever has it open.
  std::unique_ptr<catalog::Catalog> Reopened() const {
    return catalog::Catalog::Open(locations_).ValueOrDie();
  }
  std::vector<iceberg::Snapshot> Snapshots() const { return Reopened()->table().snapshots(); }
  QuarantineNotes Notes() const { return FindQuarantineNotes(Reopened()->table()); }

  // The names in the quarantine's folder, those of staged files too.
  std::set<std::string> QuarantineNames() const;
  std::string OnlyQuarantineName() const;

  // So many data files lie in the warehouse, and they are those that the table names.
  void ExpectDataFiles(size_t count) const;

  const test::TempFolder folder_;
  const catalog::Paths locations_ = catalog::Paths::FromBase(folder_.path()).ValueOrDie();
};

}  // namespace earthcatalog::ingest
