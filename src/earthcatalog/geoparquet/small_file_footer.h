// What a reader of small files needs of a Parquet file's footer and page headers, read without Parquet's
// library. All numbers are claims of the file; none was checked, but for those that say so.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace earthcatalog::geoparquet {

// A column chunk; by the order of chunks in a row group one knows of which leaf.
struct ColumnChunk {
  int32_t type = -1;   // parquet::Type, as Thrift has it
  int32_t codec = -1;  // CompressionCodec, as Thrift has it
  int64_t entries = -1;
  std::string_view pages;  // within the file; checked
};

struct SmallFileFooter {
  std::string_view bytes;         // all of it
  std::string_view schema;        // the list of schema elements, as it is stored
  std::string_view arrow_schema;  // what Arrow noted of its own types; empty when there is nothing
  int64_t rows = -1;
  std::vector<int64_t> group_rows;  // of each row group
  size_t group_columns = 0;         // each row group has so many chunks; checked
  std::vector<ColumnChunk> chunks;  // row group by row group
};

// False if the file is not complete, is encrypted or says of something less than its readers need. The views
// are of `file`.
bool ReadFooter(std::string_view file, SmallFileFooter* footer);

struct PageHeader {
  enum class Kind { kOther = -1, kData = 0, kDictionary = 2, kDataV2 = 3 };
  Kind kind = Kind::kOther;
  int32_t plain_bytes = -1, bytes = -1;  // without and with compression
  int32_t entries = -1;
  int32_t encoding = -1;                                       // Encoding, as Thrift has it
  int32_t definition_encoding = -1, repetition_encoding = -1;  // of kData
  int32_t definition_bytes = -1, repetition_bytes = -1;        // of kDataV2
  bool compressed = true;                                      // of kDataV2
};

// Reads the header that `pages` starts with and removes it. False if there is none, or it says less than its
// kind needs.
bool ReadPageHeader(std::string_view* pages, PageHeader* header);

}  // namespace earthcatalog::geoparquet
