// Which objects a table has ingested, so that an inventory that lists them again costs no request for them.
//
// Beside the warehouse, in <warehouse>_objects/, are sorted files of hashes (keys/hash_file.h), one hash for
// each object and time of its last change. They never change. Each commit that brings items writes one and
// says in its snapshot's summary which files are all of them, so that what is known is always what the
// current snapshot's history has ingested, also after a rollback.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/keys/sorted_runs.h"

namespace earthcatalog::ingest {

// Bucket, NUL, key.
std::string NameOfObject(const inventory::Row& row);

// 8 bytes for bucket and key, then 8 for when the object was last modified. Nothing where the inventory does
// not say when: whether such an object has changed cannot be told, so it is never known.
std::optional<keys::KeyHash> HashOfObject(const inventory::Row& row);

struct ObjectFile {
  std::string name;
  int64_t count = 0;  // of hashes

  bool operator==(const ObjectFile&) const = default;
};

// What the newest commit that says it says in the history of the current snapshot, oldest first; none where
// no commit does.
std::vector<ObjectFile> FindObjectFiles(const iceberg::Table& table);
// What one snapshot's summary says.
std::optional<std::vector<ObjectFile>> ObjectFilesIn(const std::map<std::string, std::string>& summary);
// Adds nothing where there are none.
void NoteObjectFiles(const std::vector<ObjectFile>& files, std::map<std::string, std::string>* summary);

// The folder beside `warehouse`, and whether a file in it has a name that this program gives.
io::Location ObjectFolder(const io::Location& warehouse);
bool IsObjectFileName(std::string_view name);

// All hashes of the files, sorted, each once. kNotFound or kCorrupt, naming the file, when one is missing or
// damaged.
Result<keys::StreamPtr<keys::kKeyBytes>> OpenObjects(const io::Location& warehouse,
                                                     const std::vector<ObjectFile>& files);

// The objects of one run, commit by commit. One thread at a time. The table outlives it.
class NewObjects {
 public:
  NewObjects(io::Location warehouse, const iceberg::Table* table, const CancelSource* cancel);
  // Removes a file that was written for a commit that did not come to be.
  ~NewObjects();
  NewObjects(const NewObjects&) = delete;
  NewObjects& operator=(const NewObjects&) = delete;

  // Ingested by the next commit.
  Status Add(const std::vector<keys::KeyHash>& objects);
  // Writes their file. When there are many files by now, the smaller ones go into it as well.
  Status Stage();
  // What that commit says on top of the table as it is at this moment.
  std::map<std::string, std::string> NoteOnTop() const;
  // The commit came to be, or may have.
  void Settle() { staged_.reset(); }

 private:
  struct Staged {
    ObjectFile file;
    std::vector<std::string> replaced;  // names of files whose hashes it has, too
  };
  io::Location FileOf(const std::string& name) const { return ObjectFolder(warehouse_).Join(name); }

  const io::Location warehouse_;
  const iceberg::Table* const table_;
  const CancelSource* const cancel_;
  std::optional<keys::SortedRuns<keys::kKeyBytes>> objects_;  // since the last commit
  int64_t added_ = 0;                                         // of these
  std::optional<Staged> staged_;
};

}  // namespace earthcatalog::ingest
