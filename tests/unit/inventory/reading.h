// Reading a whole inventory in a test.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::inventory {

struct Everything {
  std::vector<Row> rows;
  Counts counts;
  Status error;  // of Open or of reading
};

inline Everything ReadAll(const std::string& path, const Options& options = {}, size_t max_rows = 3) {
  Everything all;
  auto reader = Open(path, options);
  all.error = reader.status();
  if (!reader.ok()) return all;
  for (uint64_t sequence = 0;; ++sequence) {
    auto batch = (*reader)->Next(max_rows);
    all.error = batch.status();
    if (!batch.ok() || !batch->has_value()) break;
    EXPECT_EQ((*batch)->sequence, sequence);
    EXPECT_GT((*batch)->rows.size(), 0u);
    EXPECT_LE((*batch)->rows.size(), max_rows);
    for (Row& row : (*batch)->rows) all.rows.push_back(std::move(row));
  }
  // After the end and after an error nothing more comes.
  const auto after = (*reader)->Next(max_rows);
  EXPECT_TRUE(after.ok() && !after->has_value());
  all.counts = (*reader)->counts();
  const Counts& counts = all.counts;
  EXPECT_EQ(counts.selected, all.rows.size());
  EXPECT_EQ(counts.rows, counts.selected + counts.skipped_suffix + counts.skipped_since +
                             counts.skipped_delete_marker + counts.skipped_old_version + counts.malformed);
  return all;
}

// "2:bucket/key", the position and the object.
inline std::vector<std::string> Names(const Everything& all) {
  std::vector<std::string> names;
  for (const Row& row : all.rows) names.push_back(fmt::format("{}:{}/{}", row.position, row.bucket, row.key));
  return names;
}

// "3: reason", for every example.
inline std::vector<std::string> Malformed(const Everything& all) {
  std::vector<std::string> texts;
  for (const MalformedRow& row : all.counts.first_malformed) {
    texts.push_back(fmt::format("{}: {}", row.position, row.reason));
  }
  return texts;
}

}  // namespace earthcatalog::inventory
