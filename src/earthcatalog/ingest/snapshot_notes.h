// What a commit notes in its snapshot's summary, so that after a crash the next run knows from the table
// alone which rows are behind it (docs/format.md, "Snapshots").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/ingest/overflowed.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::ingest {

using Summary = std::map<std::string, std::string>;

// An inventory's content and what selects rows of it: another selection is another progress.
struct Selection {
  std::string inventory;  // inventory::Identity
  std::optional<int64_t> since;
  std::string suffix;
};

struct InventoryProgress {
  uint64_t rows = 0;      // from the inventory's start, skipped ones too
  uint64_t selected = 0;  // of these
  bool ended = false;     // there are no more

  bool operator==(const InventoryProgress&) const = default;
};

void NoteInventory(const Selection& selection, const InventoryProgress& progress, Summary* summary);

// What the newest commit that names this inventory and selection has behind it, in the history of the
// current snapshot: what was rolled back does not count.
std::optional<InventoryProgress> FindProgress(const iceberg::Table& table, const Selection& selection);

// The furthest that any commit of that history had behind it, whatever later runs began again.
std::optional<InventoryProgress> FindFurthest(const iceberg::Table& table, const Selection& selection);

// Another selection of the same inventory, and the furthest that a commit of it had behind it.
struct OtherSelection {
  std::string since;  // RFC 3339; empty for none
  std::string suffix;
  InventoryProgress progress;
};

// All of which commits of that history have chosen rows, by the newest.
std::vector<OtherSelection> FindOtherSelections(const iceberg::Table& table, const Selection& selection);

struct QuarantineNotes {
  std::set<std::string> written;   // names of files with rows of commits
  std::set<std::string> finished;  // of files that a retry has taken up as a whole
  std::map<std::string, uint64_t>
      rows_taken_up{};  // of files that a retry has taken up in part: from the start

  uint64_t RowsTakenUp(const std::string& file) const {
    const auto found = rows_taken_up.find(file);
    return found == rows_taken_up.end() ? 0 : found->second;
  }
};

// Adds nothing for what is empty.
void NoteQuarantine(const QuarantineNotes& notes, Summary* summary);

// Of all commits in the history of the current snapshot.
QuarantineNotes FindQuarantineNotes(const iceberg::Table& table);

// How many items have a value that a column could not hold, by the column; the most used kMostOverflowedNoted
// of them. Adds nothing where all fit.
void NoteOverflowed(const OverflowedColumns& columns, Summary* summary);

// The same of all commits in the history of the current snapshot, those that have expired too.
std::map<std::string, uint64_t> FindOverflowed(const iceberg::Table& table);

// How many items commits have brought, an item counting once for each time that it was ingested, and in how
// many rows. Of commits that say it: those of other programs and of earlier versions do not.
struct ItemCounts {
  uint64_t items = 0;
  uint64_t rows = 0;
};

// The rows are those that the commit adds. Adds nothing for a commit without items.
void NoteItems(uint64_t items, Summary* summary);

// Of all commits in the history of the current snapshot, those that have expired too.
ItemCounts FindItems(const iceberg::Table& table);

// What a snapshot must say so that older ones may expire: of each inventory the newest note and the one that
// goes furthest, how far quarantine files have been taken up, which were written or finished, what columns
// could not hold, how many items there were, and which files know their objects. `settled`: the notes by
// which the quarantine was settled (quarantine.h) before; files that they name as written or finished are
// left out, being of no more use, so that what is carried does not grow without end. Commits since then may
// name others, which nobody has settled. Empty where nothing is known.
Summary NotesToCarry(const iceberg::Table& table, const QuarantineNotes& settled);

}  // namespace earthcatalog::ingest
