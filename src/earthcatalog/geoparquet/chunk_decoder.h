// Column chunks of small files, page by page.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "earthcatalog/geoparquet/file_shape.h"
#include "earthcatalog/geoparquet/leaf_builder.h"
#include "earthcatalog/geoparquet/page_inflater.h"
#include "earthcatalog/geoparquet/small_file_footer.h"
#include "earthcatalog/geoparquet/value_decoder.h"

namespace earthcatalog::geoparquet {

// What a file may still take: of its pages without compression, and of what becomes of them.
struct FileAllowance {
  Allowance pages, rows;
};

// Knows data pages of both versions with dictionaries and plain values, and no other encodings. One thread at
// a time.
class ChunkDecoder {
 public:
  static Result<ChunkDecoder> Make();

  // Appends the entries of the leaf in a row group of so many rows. False when the chunk is not what it
  // should be, or not of a kind that is known here; some of its entries may be appended then.
  bool Decode(const ColumnChunk& chunk, const ShapeLeaf& leaf, int64_t rows, FileAllowance* allowance,
              LeafBuilder* out);

 private:
  explicit ChunkDecoder(PageInflater inflater) : inflater_(std::move(inflater)) {}

  bool DecodeData(const PageHeader& header, std::string_view page, int32_t codec, const ShapeLeaf& leaf,
                  FileAllowance* allowance, LeafBuilder* out);

  PageInflater inflater_;
  PageBuffer page_, dictionary_;
  ValueDecoder values_;
};

}  // namespace earthcatalog::geoparquet
