// Making or mending a table from the files of its warehouse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/maintain/repeated_rows.h"

namespace earthcatalog::maintain {

struct RegisterOptions {
  catalog::Paths paths;
  // Of a table that does not record its grid. Without it the cells tell.
  std::optional<grid::Config> grid = std::nullopt;
  bool dry_run = false;
};

struct RegisterReport {
  // Where the table comes from: the catalog's own; one whose metadata was found in the warehouse, but no
  // catalog named it; one that was remade, since it was moved or its metadata is damaged; a new one.
  enum class Table { kKept, kFound, kRemade, kNew };
  struct File {
    std::string path;
    int64_t rows = 0;
    int64_t bytes = 0;
    std::string was = {};  // the path before, of a file that got another
  };
  struct Note {
    std::string path;
    std::string reason;  // the rest of a sentence that begins with the file
  };

  Table table = Table::kKept;
  std::vector<File> added;
  std::vector<Note> removed;     // entries of the table
  std::vector<Note> left_out;    // files that lie in the warehouse
  int64_t superseded_files = 0;  // of older snapshots alone, so no part of the table
  // Why nobody knows which files of a table that was remade are superseded, so that all were taken.
  std::string history_lost;
  int64_t hidden_files = 0, other_files = 0;
  std::vector<std::string> new_columns, ignored_columns;
  std::string grid;             // in words; empty: the table records none
  int64_t files = 0, rows = 0;  // of the table as it is then
  RepeatedRows repeated;
  std::string repeated_unknown;  // why these were not counted; empty: they were
  bool dry_run = false;
};

// Holds the catalogue's lock, looks at all data files in the warehouse (ListWarehouse), and makes the table
// name all of them, in one commit, as docs/format.md ("Registering files") says: files that no snapshot names
// are added, entries whose files are gone are removed, and what the table says of the others is put right.
// Where the catalog names no table that can be read, or one in another place, the table is made anew and
// appears in the catalog as a whole. No row is written or changed; files may get other names. A dry run
// changes nothing. Memory: some KiB for each data file that is added, and 64 MiB.
//
// Errors: those of reading the folder or the catalog, a usage error when `grid` is not the table's; files
// that cannot be registered are none, they are in `left_out`. After an error the table is as it was; moved
// files may have their new names, and are found there by the next run.
Status Register(const RegisterOptions& options, const CancelSource& cancel, RegisterReport* report);

// The report as one JSON object.
std::string RegisterReportToJson(const RegisterReport& report);

}  // namespace earthcatalog::maintain
