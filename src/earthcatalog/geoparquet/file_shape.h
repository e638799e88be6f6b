// What the files of one schema have of a table, for a reader that goes from levels to levels.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/leaf_tree.h"
#include "earthcatalog/geoparquet/small_file_footer.h"

namespace earthcatalog::geoparquet {

// How a value of the file becomes the table's.
enum class Conversion { kNone, kWiden, kFloatToDouble, kMilliToMicro, kWithoutNullMembers };

struct ShapeLeaf {
  int chunk;     // its place in a row group
  size_t leaf;   // of the table
  int32_t type;  // parquet::Type, as Thrift has it
  int width;     // of a value in the file, 0: bytes behind their length
  Conversion conversion;
  uint8_t max_repetition;
  // Of each definition level in the file, the last one for a value, that in the table; kNoLevel where the
  // table must have what is null.
  std::vector<uint8_t> levels;
  // It has the lists, nulls and elements of the leaf before, as far as the struct that both are below:
  // entries that no list below `shared_repetition` repeats, down to the level `shared_definition`.
  bool shares;
  uint8_t shared_repetition, shared_definition;
};
inline constexpr uint8_t kNoLevel = 255;

// A leaf that the table has and the file has not, below a struct that it has.
struct AbsentLeaf {
  size_t column, leaf;  // of the table
  size_t beside;        // a leaf of the table that the file has in this struct
  uint8_t repetition, definition;
};

struct FileShape {
  std::shared_ptr<arrow::Schema> schema;  // as Arrow reads it, but for types that say no more
  std::vector<size_t> columns;            // of the table, those that the file has
  std::vector<ShapeLeaf> leaves;          // in the order of the file
  std::vector<size_t> leaf_columns;       // of each of them, the table's column
  std::vector<AbsentLeaf> absent;
};

// What of the footer says all about a file's shape; `key` is replaced.
void ShapeKeyOf(const SmallFileFooter& footer, std::string* key);

// Null if a file of this schema is not of a kind that levels alone can bring into the table: a column that
// the table has not or must have, names that are not unique, types that need more than a conversion.
std::unique_ptr<const FileShape> MakeShape(const SmallFileFooter& footer, const std::vector<LeafNode>& table);

}  // namespace earthcatalog::geoparquet
