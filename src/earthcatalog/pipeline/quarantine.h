// Inventory rows that did not become items, kept in <warehouse>_failed/ until a later run takes them up
// again. Files are staged under a name that no run reads and published just before the commit that covers
// their rows.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::pipeline {

struct QuarantinedRow {
  std::string bucket;
  std::string key;
  std::string kind;     // the named error: "not_found", "invalid_json", …
  std::string message;  // one line
  int64_t timestamp;    // when, microseconds UTC
};

// What the row takes in memory, about.
int64_t HeldBytes(const QuarantinedRow& row);

// The folder beside `warehouse`.
io::Location QuarantineFolder(const io::Location& warehouse);

// A quarantine file with its published name. In an escaped one buckets and keys are percent-encoded, since
// they are not all UTF-8, which the columns must be.
inline constexpr char kEscapedSuffix[] = "_escaped.parquet";

// Writes Parquet: bucket, key, error ("kind: message"), kind, timestamp. Rows whose bucket or key is not
// UTF-8 go to an escaped file of their own. Appends the files' published locations to `files`, also when it
// ends with an error; they are there only after PublishQuarantine().
Status StageQuarantine(const io::Location& warehouse, const std::vector<QuarantinedRow>& rows,
                       std::vector<io::Location>* files);
Status PublishQuarantine(const std::vector<io::Location>& files);
// Removes files, staged or published, that no commit covers. Best effort.
void RemoveQuarantine(const std::vector<io::Location>& files);

// All published files, oldest first. An absent folder has none.
Result<std::vector<io::Location>> ListQuarantine(const io::Location& warehouse);

// Removes what a run staged that was killed. Only while no other run writes here.
Status RemoveStagedQuarantine(const io::Location& warehouse);

}  // namespace earthcatalog::pipeline
