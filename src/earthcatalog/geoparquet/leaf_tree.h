// A table's columns as a tree down to their leaves, with the levels that Parquet gives them: those of
// LeafWalker, the other way round.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/geoparquet/leaf_builder.h"

namespace earthcatalog::geoparquet {

struct LeafNode {
  enum class Kind { kLeaf, kStruct, kList };
  Kind kind;
  std::shared_ptr<arrow::Field> field;
  size_t first_leaf, end_leaf;  // in the order of the table
  uint8_t above;                // definition level of an entry whose parents are all present
  uint8_t present;              // and that of one that is not null here
  uint8_t repetition;           // of the innermost list around it
  uint8_t element;              // definition level of an entry with an element in that list; 0 without list
  std::vector<LeafNode> children;
};

// The columns of a table and a builder for each of their leaves, in which they grow until they are taken.
// Leaves that no file has are not *active*: they have no entries. One thread at a time.
class LeafTree {
 public:
  // Errors: a column that is nested deeper than anybody nests.
  static Result<LeafTree> Make(const arrow::Schema& table);

  const std::vector<LeafNode>& columns() const { return columns_; }
  LeafBuilder& leaf(size_t i) { return leaves_[i].builder; }
  bool active(size_t i) const { return leaves_[i].active; }
  // Gives the leaf entries beside those of the others of its column.
  void Activate(size_t column, size_t leaf);
  // Rows of nulls, until the column has so many.
  void PadTo(size_t column, int64_t rows);
  // What a row takes in all leaves that are active, but for lists and texts.
  int64_t row_bytes() const { return row_bytes_; }
  void AddRows(size_t column, int64_t rows) { rows_[column] += rows; }

  // All that has grown, of which each column has `rows`: those columns of the table, and fields below them,
  // that `schema` has, in the same order. Leaves the tree empty.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(const std::shared_ptr<arrow::Schema>& schema,
                                                     int64_t rows);

 private:
  struct Leaf {
    LeafBuilder builder;
    bool active = false;
  };
  LeafTree() = default;

  Result<LeafNode> AddNode(const std::shared_ptr<arrow::Field>& field, LeafBuilder::Levels levels);
  const LeafBuilder* ActiveBelow(const LeafNode& node) const;
  void ActivateAll(size_t column, const LeafNode& node, const arrow::Field& wanted);
  Result<std::shared_ptr<arrow::ArrayData>> Assemble(const LeafNode& node, const arrow::Field& wanted);
  void Clear();

  std::vector<LeafNode> columns_;
  std::vector<int64_t> rows_;  // of each column
  std::deque<Leaf> leaves_;
  int64_t row_bytes_ = 0;
};

}  // namespace earthcatalog::geoparquet
