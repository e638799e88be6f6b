// The columns of a table that is to have many files, of which each has some.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "earthcatalog/maintain/file_columns.h"

namespace earthcatalog::maintain {

// What most of some files have. One thread at a time; memory goes by how many columns they have between them.
class ColumnVotes {
 public:
  void Add(const FileColumns& file);

  // Each column of any file in the type that most of those have that have the column; of structs, the fields
  // in like manner. int32 and int64 count together, and float and double, as the wider one of those there.
  // Without columns that have no type, and those of which most files have an id up to `last_column_id` that
  // no column of `table` has: it has dropped them. No field ids.
  std::shared_ptr<arrow::Schema> Winners(const arrow::Schema* table, int last_column_id) const;
  // Whether most files with the column have this type there.
  bool Prefers(const std::string& column, const arrow::DataType& type) const;

  // `columns` with ids: what is in `table` keeps that of the table; the others get the one that most files
  // have there, where no column of the table or before them has it and it is above `*last_column_id`, else
  // one that is free. `*last_column_id` becomes the highest.
  std::shared_ptr<arrow::Schema> WithIds(const arrow::Schema& columns, const arrow::Schema* table,
                                         int* last_column_id) const;

 private:
  struct Column {
    std::map<std::string, std::pair<std::shared_ptr<arrow::DataType>, int64_t>> types;  // by their text
    std::map<int, int64_t> ids;
    std::map<std::string, Column> children;  // of structs, and `element` of lists

    void Add(const arrow::Field& field);
    std::shared_ptr<arrow::DataType> Winner() const;
    int PreferredId() const;  // -1: none
  };
  class IdGiver;

  Column root_;
};

// The dotted paths of the columns of `schema`, nested ones too, that `other` lacks.
std::set<std::string> ColumnsNotIn(const arrow::Schema& schema, const arrow::Schema& other);

}  // namespace earthcatalog::maintain
