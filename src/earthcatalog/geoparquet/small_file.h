// Files of few rows. A commit may have thousands of them, two rows and a hundred leaf columns each, and what
// such a file costs is what each column costs however little it holds. Parquet's library builds a dozen
// objects per column; this encoder writes the bytes: one row group, one plain page per column, no dictionary.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/util/compression.h>

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/file_body.h"
#include "earthcatalog/geoparquet/footer.h"

namespace earthcatalog::geoparquet {

// Above it dictionaries and compression pay for what the library costs.
inline constexpr int64_t kSmallFileRows = 1000;

// One thread at a time; keeps its buffers from file to file.
class SmallFileEncoder {
 public:
  static Result<std::unique_ptr<SmallFileEncoder>> Make();

  // `footer`: that of the layout. Adds to `statistics`, one for each leaf.
  Result<FileBody> Encode(const FileLayout& layout, const FooterWriter& footer,
                          const arrow::RecordBatch& rows, const FileMetadata& metadata,
                          std::vector<ColumnStatistics>* statistics);

 private:
  explicit SmallFileEncoder(std::shared_ptr<arrow::util::Compressor> zstd) : zstd_(std::move(zstd)) {}

  Status WritePage(const LeafColumn& leaf, const LeafEntries& entries);
  // The page as it goes into the file: compressed where that saves enough.
  Result<std::string_view> Compressed();

  // Used for one frame after the other: making a new one for each page would take three times as long.
  const std::shared_ptr<arrow::util::Compressor> zstd_;
  LeafWalker walker_;
  std::string file_;
  std::string page_;
  std::string compressed_;
  std::vector<PageInfo> pages_;
};

}  // namespace earthcatalog::geoparquet
