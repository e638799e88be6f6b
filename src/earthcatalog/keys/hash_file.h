// The published file of known ids: Parquet with the one column `id_hash`, 16 bytes each (docs/format.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/io/location.h"
#include "earthcatalog/keys/key_hash.h"
#include "earthcatalog/keys/sorted_runs.h"

namespace parquet::arrow {
class FileReader;
}

namespace earthcatalog::keys {

inline constexpr std::string_view kHashColumn = "id_hash";
// Names of what is beside it in the file.
inline constexpr std::string_view kRuleNote = "earthcatalog.hash_index_key";
inline constexpr std::string_view kCollectionNote = "earthcatalog.collection";
inline constexpr std::string_view kSnapshotNote = "earthcatalog.snapshot-id";

// What a file of this program says of itself.
struct HashNotes {
  std::optional<KeyRule> rule = {};
  std::optional<std::string> collection = {};  // the one whose ids are hashed alone
  std::optional<int64_t> snapshot_id = {};     // of the table, all of whose ids it has

  bool operator==(const HashNotes&) const = default;
};

// A file that exists. Errors name it; kCorrupt when it is no such file or is damaged. One thread at a time.
class HashFile {
 public:
  // Reads the footer. kNotFound when there is none.
  static Result<std::unique_ptr<HashFile>> Open(const io::Location& file);
  // The same of bytes that somebody has; `name` is for messages.
  static Result<std::unique_ptr<HashFile>> Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                std::string name);
  ~HashFile();

  // How many hashes it has, by its footer.
  int64_t count() const { return count_; }
  const HashNotes& notes() const { return notes_; }
  // Whether this program wrote it.
  bool is_ours() const { return ours_; }

  // Whether it is sorted and has each hash once. What this program wrote is so; of others' files all is read.
  Result<bool> IsSorted() const;
  // The hashes, sorted, each once. Of a file that is sorted they come as they are read, and their order is
  // looked at on the way (kCorrupt); row groups below `from` are not read. Others are sorted first, as
  // `options` says. Memory: what is being decoded, a row group at most, and from an object store 8 MiB, which
  // are asked for at once. Outlives this object; one at a time is used.
  Result<StreamPtr<kKeyBytes>> Sorted(const SortOptions& options) const;
  // As they lie in the file, in whatever order.
  StreamPtr<kKeyBytes> AsTheyLie() const;

 private:
  class Stream;
  HashFile() = default;
  static Result<std::unique_ptr<HashFile>> Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                std::string name, bool is_near);
  Status ReadFooter(std::shared_ptr<arrow::io::RandomAccessFile> file, bool is_near);

  std::string name_;
  std::shared_ptr<parquet::arrow::FileReader> file_;
  int column_ = 0;
  int64_t count_ = 0;
  bool ours_ = false;
  HashNotes notes_;
};

}  // namespace earthcatalog::keys
