// What a file in the warehouse is, compared with what a table says of it.
#pragma once

#include <arrow/type.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/maintain/file_columns.h"
#include "earthcatalog/rows/data_file_reader.h"

namespace earthcatalog::maintain {

// Files that are looked at side by side: a request to an object store is mostly waiting.
int FilesAtOnce(const io::Location& warehouse);

// Opens the file; of a small one all bytes are read, and stay in `file`. `file->size` becomes what it is.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenStoredFile(const io::Location& warehouse,
                                                                    rows::StoredFile* file);

// The figures of a file as its footer says them; of columns of which it does not say all there are none. The
// path and partition are those given. kCorrupt when the footer is damaged.
Result<iceberg::DataFile> DescribeByFooter(const std::shared_ptr<arrow::io::RandomAccessFile>& input,
                                           const rows::StoredFile& stored, const arrow::Schema& table,
                                           const iceberg::Partition& partition);

// The columns of a table that have a value for each row and stand for themselves: no lists, no structs.
class Leaves {
 public:
  struct Leaf {
    std::string path;
    std::shared_ptr<arrow::DataType> type;
  };
  explicit Leaves(const arrow::Schema& table) { Add(table.fields(), ""); }
  // Null for an id that is none of theirs.
  const Leaf* Find(int field_id) const;
  int IdOf(const std::string& path) const;  // -1: no such column

 private:
  void Add(const arrow::FieldVector& fields, const std::string& path);

  std::map<int, Leaf> leaves_;
  std::map<std::string, int> ids_;
};

// What is wrong with a file: a word for programs, and the rest of a sentence that begins with the file.
struct Difference {
  std::string kind;
  std::string text;
};

// The first thing in which an entry says other than `file`, which is what its file is: `size`, `rows`,
// `counts` (of nulls), `bounds`, `boxes` (whether they are the geometries'). Bounds may be wider than
// they need be, and what is missing on either side contradicts nothing.
std::optional<Difference> FindDifference(const iceberg::DataFile& entry, const iceberg::DataFile& file,
                                         const Leaves& leaves);

// What the rows of a file say of the partition that they are in.
struct RowPartition {
  std::optional<std::string> cell;             // nothing: they do not say
  std::optional<std::optional<int32_t>> year;  // since 1970; the inner nothing is an unknown one
};

// By the figures of `file`, and where these leave it open by its column grid_partition. `complete`: a column
// without figures is not there, or has no value; else they may be missing. kCorrupt when the rows are of
// several cells or years, so of no partition.
Result<RowPartition> PartitionOfRows(const io::Location& warehouse, const rows::StoredFile& stored,
                                     const iceberg::DataFile& file, const Leaves& leaves, bool complete);

// grid_partition=<cell>/year=<year>, for messages.
std::string NameOf(const iceberg::Partition& partition);

}  // namespace earthcatalog::maintain
