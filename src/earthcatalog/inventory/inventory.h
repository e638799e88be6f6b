// Reading a storage inventory: which objects hold the items. A stream in batches; memory does not grow with
// the length of the inventory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/io/s3.h"

namespace earthcatalog::inventory {

struct Row {
  std::string bucket;
  std::string key;  // percent-decoded where the format encodes it
  // From 1, in the data file: line number in CSV (of the record's first line), row number in Parquet and ORC.
  int64_t position = 0;
  std::optional<int64_t> size;
  std::optional<int64_t> last_modified;  // microseconds UTC
  // Which one it is among all rows of the inventory, and among those that were selected; from 1.
  uint64_t row_number = 0;
  uint64_t selected_number = 0;
};

struct Batch {
  uint64_t sequence = 0;  // 0, 1, 2, … without gaps
  std::vector<Row> rows;  // never empty
};

struct Options {
  std::optional<int64_t> since;   // keep rows last modified at or after; rows without the column pass
  std::optional<uint64_t> limit;  // at most so many selected rows
  std::string suffix = ".stac.json";
  io::S3Settings s3 = {};  // of an inventory in S3
};

struct MalformedRow {
  std::string file;  // of a manifest: the key of the data file; otherwise empty
  int64_t position;
  std::string reason;
};

// Every row read ends in exactly one of these counts: rows == selected + the skipped + malformed. Blank lines
// and the header are no rows. Malformed is a row with a quoting error or another number of fields than the
// first, without bucket or key, or, where no rule skips it first, with a date or flag that is none. A size
// that is none is unknown: it only helps to plan.
struct Counts {
  uint64_t rows = 0;
  uint64_t selected = 0;
  uint64_t skipped_suffix = 0;
  uint64_t skipped_since = 0;
  uint64_t skipped_delete_marker = 0;
  uint64_t skipped_old_version = 0;
  uint64_t skipped_retried = 0;  // 0 here: of rows that a run takes from elsewhere
  uint64_t skipped_known = 0;    // 0 here: of objects that a table has ingested
  uint64_t skipped_done = 0;     // what SkipDone() said
  uint64_t malformed = 0;
  uint64_t passed_without_date = 0;           // of `selected`: since `since` was given and they have no date
  std::vector<MalformedRow> first_malformed;  // at most 20
};

// One thread. After an error the reader is at its end.
class Reader {
 public:
  virtual ~Reader() = default;

  // The next at most `max_rows` selected rows in the order of the inventory; nothing at the end. `--limit`
  // ends the reading: rows behind it are neither read nor counted. An error comes after the rows before it.
  virtual Result<std::optional<Batch>> Next(size_t max_rows) = 0;

  // Before the first Next(): the first `rows` rows are dealt with. They are counted and not looked at;
  // `selected` of them count toward the limit.
  virtual void SkipDone(uint64_t rows, uint64_t selected) = 0;

  virtual const Counts& counts() const = 0;
};

// CSV with or without header, CSV.gz, Parquet, ORC, or the manifest.json of an S3 Inventory with data files
// of these formats; a local path, file://, s3:// or http(s):// URL. The format is told from the content, not
// the name. Columns have the names bucket, key, size, last_modified_date, is_latest and is_delete_marker in
// any order, case and spelling (LastModifiedDate); other columns are not read. Without a header the first two
// columns are bucket and key.
//
// A manifest's data files are read in its order. Those in CSV have the columns of its `fileSchema`, and their
// keys are percent-encoded (`+` is a space) and are decoded; the others name their columns themselves. Before
// the first row of a data file is given out, all of it has been read once to compare its size and MD5 with
// the manifest's. manifest.h says where data files are looked for.
//
// Other keys are taken as they stand, with one exception: a CSV without header whose first row has every
// field in quotes is a data file as S3 Inventory writes it, and is decoded like one of a manifest.
//
// Errors before the first row: missing file, a directory, an empty inventory, no bucket or key column, a
// manifest of another shape, a data file that is missing or of another size (of a manifest on the web: when
// its turn comes). Later: truncated gzip, unreadable Parquet or ORC, a data file of another MD5 or format.
// They name the data file. One that cannot be read is never passed over.
Result<std::unique_ptr<Reader>> Open(const std::string& path_or_uri, const Options& options);

// One line of text that is the same as long as the inventory is, and another when its content changes: to
// know that a run goes on with what it began with. The bytes decide where they are cheap to read (a local
// file of at most 1 GiB, touched, moved or copied; a web address, which is read once more for it), otherwise
// what stands for them: a larger file's path, size and time; an S3 object's URI, ETag and size. Of a
// manifest.json it is the manifest's own, since that holds the checksums of its data files. No credentials
// are in it. Errors: a missing file, a directory, one that cannot be read.
Result<std::string> Identity(std::string_view path_or_uri);

}  // namespace earthcatalog::inventory
