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

namespace earthcatalog::inventory {

struct Row {
  std::string bucket;
  std::string key;       // percent-decoded where the format encodes it
  int64_t position = 0;  // 1-based: line number in CSV (of the record's first line), row number in Parquet
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
};

struct MalformedRow {
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

// CSV with or without header, CSV.gz, Parquet; a local path, file://, s3:// or http(s):// URL. The format is
// told from the content (gzip and Parquet magic), not the name. Columns have the names bucket, key, size,
// last_modified_date, is_latest and is_delete_marker in any order, case and spelling (LastModifiedDate);
// other columns are not read. Without a header the first two columns are bucket and key.
//
// Keys are taken as they stand, with one exception: a CSV without header whose first row has every field in
// quotes is a data file as S3 Inventory writes it, and there keys are percent-encoded (`+` is a space) and
// are decoded.
//
// Errors before the first row: missing file, a directory, an empty inventory, no bucket or key column. Later:
// truncated gzip, unreadable Parquet.
Result<std::unique_ptr<Reader>> Open(const std::string& path_or_uri, const Options& options);

// A text that is another one when the inventory's content is. Says nothing of its name. Errors as Open.
Result<std::string> Identity(std::string_view path_or_uri);

}  // namespace earthcatalog::inventory
