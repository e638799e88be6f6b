// Sorting any number of records in bounded memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/io/temporary_file.h"
#include "earthcatalog/keys/record.h"

namespace earthcatalog::keys {

struct SortOptions {
  int64_t memory_bytes = 16 << 20;
  std::string temporary_directory = {};  // the system's when it is empty
};

// Takes records in any order and gives them sorted, of those with the same key the greatest. What does not
// fit into memory goes to temporary files as sorted runs, which are merged at the end, many at a time; of
// very many runs the first merges make longer ones. Memory: `memory_bytes`, at least two blocks of 64 KiB.
// What comes out does not depend on it. One thread at a time; useless after an error.
template <size_t Width>
class SortedRuns {
 public:
  explicit SortedRuns(SortOptions options);
  ~SortedRuns();

  Status Add(const Record<Width>& record) {
    if (records_.size() == capacity_) ARROW_RETURN_NOT_OK(Spill());
    records_.push_back(record);
    return Status::OK();
  }

  // All were added. Nothing else is called afterwards.
  Result<StreamPtr<Width>> Finish();

  // Whether a temporary file was needed.
  bool spilled() const { return spilled_; }

 private:
  struct Runs;
  void SortRecords();
  Status Spill();
  Result<std::vector<StreamPtr<Width>>> OpenRuns(Runs* runs, size_t begin, size_t end) const;
  Result<std::unique_ptr<Runs>> MergeOnce(Runs* runs) const;

  const SortOptions options_;
  const size_t capacity_;
  const size_t fan_in_;  // so many runs are merged at a time
  std::vector<Record<Width>> records_;
  std::unique_ptr<Runs> runs_;
  bool spilled_ = false;
};

}  // namespace earthcatalog::keys
