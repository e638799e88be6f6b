// Whether a table is what its files are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/maintain/repeated_rows.h"

namespace earthcatalog::maintain {

// What a file of the table can have that is wrong; docs/format.md ("What check looks for") says more of each.
//
// From metadata and footers: missing, unreadable, size, rows, counts, bounds, boxes, columns, partition (its
// figures are those of another one), folder, twice, stray, geo (no GeoParquet).
// From the rows: rows, counts, bounds, boxes, partition, cell (the grid puts it elsewhere), order, geometry,
// version.
struct Problem {
  std::string kind;
  std::string path;
  std::string text;  // the rest of a sentence that begins with the file
};

struct CheckReport {
  bool deep = false;
  int64_t files = 0, rows = 0;           // that the table names
  std::vector<Problem> problems;         // by path
  std::vector<std::string> notes;        // what was not looked at, and why
  std::optional<RepeatedRows> repeated;  // of a deep check
  bool marked_unique = false;            // the table says that it has one version of each item

  bool sound() const { return problems.empty(); }
};

// Compares all that the current snapshot says with the files of the warehouse, their footers and, when `deep`
// is set, their rows. Changes nothing and takes no lock: while a run is under way its files are strays.
// Memory: some 300 bytes for each file, the footers that are being looked at, and, when it is deep, the
// batches of those files and 192 MiB. Errors: those of reading that are none of the table's.
Status Check(const catalog::Catalog& catalog, bool deep, const CancelSource& cancel, CheckReport* report);

// The report as one JSON object.
std::string CheckReportToJson(const CheckReport& report);

}  // namespace earthcatalog::maintain
