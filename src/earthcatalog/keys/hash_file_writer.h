// Writing the published file of known ids.
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/keys/hash_file.h"

namespace parquet {
class ParquetFileWriter;
}

namespace earthcatalog::keys {

// A row group has 65,536 hashes, 1 MiB, so that few are read for few candidates. Memory: some of these. One
// thread at a time; useless after an error.
class HashFileWriter {
 public:
  static Result<std::unique_ptr<HashFileWriter>> Open(const std::shared_ptr<arrow::io::OutputStream>& sink,
                                                      const HashNotes& notes);
  ~HashFileWriter();

  // In ascending order, each once, over all calls; an error otherwise.
  Status Write(Records<kKeyBytes> hashes);
  // Ends the file, not the sink.
  Status Finish();
  // So many were written.
  int64_t count() const { return count_; }

 private:
  HashFileWriter() = default;
  Status WriteRowGroup(Records<kKeyBytes> hashes);

  std::unique_ptr<parquet::ParquetFileWriter> file_;
  std::vector<KeyHash> waiting_;  // less than a row group
  std::optional<KeyHash> last_;
  int64_t count_ = 0;
};

}  // namespace earthcatalog::keys
