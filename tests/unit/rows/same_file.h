// Comparing what manifests say of files.
#pragma once

#include <gtest/gtest.h>

#include "earthcatalog/iceberg/data_file.h"

namespace earthcatalog::rows {

inline void ExpectSameFile(const iceberg::DataFile& found, const iceberg::DataFile& expected) {
  EXPECT_EQ(found.path, expected.path);
  EXPECT_EQ(found.partition, expected.partition);
  EXPECT_EQ(found.record_count, expected.record_count);
  EXPECT_EQ(found.file_size, expected.file_size);
  EXPECT_EQ(found.column_sizes, expected.column_sizes);
  EXPECT_EQ(found.value_counts, expected.value_counts);
  EXPECT_EQ(found.null_value_counts, expected.null_value_counts);
  EXPECT_EQ(found.nan_value_counts, expected.nan_value_counts);
  EXPECT_EQ(found.lower_bounds, expected.lower_bounds);
  EXPECT_EQ(found.upper_bounds, expected.upper_bounds);
  EXPECT_EQ(found.split_offsets, expected.split_offsets);
}

}  // namespace earthcatalog::rows
