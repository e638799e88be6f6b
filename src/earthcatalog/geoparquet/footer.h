// The Thrift structures of a Parquet file with one row group and one page per column.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/file_body.h"

namespace earthcatalog::geoparquet {

struct PageInfo {
  int64_t offset;       // of the page's header in the file
  int64_t entries;      // nulls included
  int64_t plain_bytes;  // header and uncompressed page
  int64_t bytes;        // header and page as they are in the file
  bool zstd;
};

// Appends the header of a version 1 data page in plain encoding.
void AppendPageHeader(int64_t entries, size_t plain_bytes, size_t bytes, std::string* out);

// What all footers of one layout share is serialized once.
class FooterWriter {
 public:
  explicit FooterWriter(const FileLayout& layout);

  // Appends the footer without its length and the closing magic. `pages` and `statistics`: one for each leaf.
  void Append(int64_t rows, const std::vector<PageInfo>& pages,
              const std::vector<ColumnStatistics>& statistics, const FileMetadata& metadata,
              std::string* out) const;

 private:
  std::string schema_;                // FileMetaData up to `schema`
  std::vector<std::string> columns_;  // each ColumnMetaData up to `path_in_schema`
};

}  // namespace earthcatalog::geoparquet
