// Writing a new version of a hash index over the one that was read.
#pragma once

#include <cstdint>
#include <string>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/keys/hash_file.h"

namespace earthcatalog::keys {

// What tells one version of a file from the next: in S3 its ETag, elsewhere size and time. Empty: there is no
// file.
Result<std::string> VersionOf(const io::Location& file);

// Writes all hashes of the stream, sorted, to a new file, which appears as a whole. Returns how many. Memory:
// as ReplaceHashFile.
Result<int64_t> WriteHashFile(const io::Location& file, RecordStream<kKeyBytes>* hashes,
                              const CancelSource& cancel);

// Writes all hashes of the stream, sorted, to the file, which appears as a whole in the place of `expected`.
// Returns how many. kCommitConflict, and nothing has changed, when another version is there by the end.
// Between that look and the change somebody could still come in between: who changes an index holds the
// catalogue's lock. Memory: as HashFileWriter; in an object store a part of an upload, 10 MiB and more,
// besides.
Result<int64_t> ReplaceHashFile(const io::Location& file, const std::string& expected,
                                RecordStream<kKeyBytes>* hashes, const HashNotes& notes,
                                const CancelSource& cancel);

struct HashCounts {
  int64_t count = 0;  // of hashes in the file
  int64_t added = 0;  // of these, not there before
};

// The same with what `known`, the file as it was (null: there was none), has and `keys`. `sort` is for a file
// that is not sorted.
Result<HashCounts> AddToHashFile(const io::Location& file, const std::string& expected, const HashFile* known,
                                 StreamPtr<kKeyBytes> keys, const HashNotes& notes, const SortOptions& sort,
                                 const CancelSource& cancel);

}  // namespace earthcatalog::keys
