// Inventory rows that did not become items, kept in <warehouse>_failed/ until a later run takes them up
// again. Files are staged under a name that no run reads; the commit that covers their rows names them in its
// snapshot's summary, and then they are published. So whatever happens, a row is in the quarantine exactly
// when a commit is that says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::ingest {

struct QuarantinedRow {
  std::string bucket;
  std::string key;
  std::string kind;                           // the named error: "not_found", "invalid_json", …
  std::string message;                        // one line
  int64_t timestamp;                          // when, microseconds UTC
  std::optional<int64_t> last_modified = {};  // the object, as its inventory says it; microseconds UTC
};

// Of such a row, what a report shows.
struct FailureExample {
  std::string bucket;
  std::string key;
  std::string kind;
  std::string message;
};

// What the row takes in memory, about.
int64_t HeldBytes(const QuarantinedRow& row);

// The folder beside `warehouse`.
io::Location QuarantineFolder(const io::Location& warehouse);

// A quarantine file with its published name. In an escaped one buckets and keys are percent-encoded, since
// they are not all UTF-8, which the columns must be.
inline constexpr char kEscapedSuffix[] = "_escaped.parquet";

// Writes Parquet: bucket, key, error ("kind: message"), kind, timestamp, last_modified_date. Rows whose
// bucket or key is not UTF-8 go to an escaped file of their own. Appends the files' published locations to
// `files`, also when it ends with an error; there they are only after PublishQuarantine().
Status StageQuarantine(const io::Location& warehouse, const std::vector<QuarantinedRow>& rows,
                       std::vector<io::Location>* files);
// OK when they are all still there: a run with the lock removes those of runs without it.
Status CheckStagedQuarantine(const std::vector<io::Location>& files);
// To be called when a commit names the files. One that somebody else has published is as good.
Status PublishQuarantine(const std::vector<io::Location>& files);
// Removes staged files that no commit names. Best effort.
void RemoveStagedQuarantine(const std::vector<io::Location>& files);

// All published files, oldest first. An absent folder has none.
Result<std::vector<io::Location>> ListQuarantine(const io::Location& warehouse);

// Rows of all published files that no retry has taken up. Reads the files' ends.
Result<uint64_t> CountQuarantine(const io::Location& warehouse, const QuarantineNotes& notes);

// Where the file is while it is staged.
io::Location StagedQuarantine(const io::Location& file);

// Brings the folder to what the table's commits say, where a run was killed before it could: staged files
// that they name are published, files whose rows are all taken up are removed.
Status SettleQuarantine(const io::Location& warehouse, const QuarantineNotes& notes);

// The staged files, by their published locations, that no commit names: a dead run's, whose rows the next one
// meets again, or those of a run under way.
Result<std::vector<io::Location>> UncommittedQuarantine(const io::Location& warehouse,
                                                        const QuarantineNotes& notes);

// The last part of a path.
std::string FileName(const std::string& path);

}  // namespace earthcatalog::ingest
