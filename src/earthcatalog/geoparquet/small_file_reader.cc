#include "earthcatalog/geoparquet/small_file_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace earthcatalog::geoparquet {
namespace {

// Archives have a few kinds of items each; a shape takes some ten kilobytes.
constexpr size_t kMostKnownShapes = 512;

// The next entry that no list below `repetition` repeats; the end if there is none.
int64_t NextShared(const LeafBuilder& leaf, int64_t from, uint8_t repetition) {
  if (leaf.levels().repetition <= repetition) return from;
  while (from < leaf.entries() && leaf.repetition()[from] > repetition) ++from;
  return from;
}

// Whether what was appended to the leaf has the lists, nulls and elements of the leaf before it.
bool Shares(const ShapeLeaf& shape, const LeafBuilder& leaf, const LeafBuilder& before) {
  const uint8_t repetition = shape.shared_repetition, definition = shape.shared_definition;
  int64_t i = NextShared(leaf, leaf.mark(), repetition), j = NextShared(before, before.mark(), repetition);
  while (i < leaf.entries() && j < before.entries()) {
    if (std::min(leaf.definition()[i], definition) != std::min(before.definition()[j], definition)) {
      return false;
    }
    if (repetition > 0 && leaf.repetition()[i] != before.repetition()[j]) return false;
    i = NextShared(leaf, i + 1, repetition);
    j = NextShared(before, j + 1, repetition);
  }
  return i == leaf.entries() && j == before.entries();
}

// Whether the row groups have the columns, and all of the rows.
bool HasRowsOf(const SmallFileFooter& footer, const FileShape& shape) {
  int64_t left = footer.rows;
  for (const int64_t rows : footer.group_rows) {
    if (rows > left) return false;
    left -= rows;
  }
  return left == 0 && (footer.group_rows.empty() || footer.group_columns == shape.leaves.size());
}

}  // namespace

SmallFilesReader::SmallFilesReader(std::shared_ptr<arrow::Schema> table, int64_t limit, LeafTree tree,
                                   ChunkDecoder decoder)
    : table_(std::move(table)), limit_(limit), tree_(std::move(tree)), decoder_(std::move(decoder)) {}

Result<std::unique_ptr<SmallFilesReader>> SmallFilesReader::Make(std::shared_ptr<arrow::Schema> table,
                                                                 int64_t limit) {
  ARROW_ASSIGN_OR_RAISE(LeafTree tree, LeafTree::Make(*table));
  ARROW_ASSIGN_OR_RAISE(ChunkDecoder decoder, ChunkDecoder::Make());
  return std::unique_ptr<SmallFilesReader>(
      new SmallFilesReader(std::move(table), limit, std::move(tree), std::move(decoder)));
}

SmallFilesReader::KnownShape* SmallFilesReader::ShapeOf() {
  ShapeKeyOf(footer_, &shape_key_);
  const auto known = shapes_.find(shape_key_);
  if (known != shapes_.end()) return &known->second;
  if (shapes_.size() == kMostKnownShapes) shapes_.clear();
  return &shapes_.emplace(shape_key_, KnownShape{MakeShape(footer_, tree_.columns())}).first->second;
}

bool SmallFilesReader::Append(std::string_view file) {
  if (!ReadFooter(file, &footer_)) return false;
  KnownShape* const known = ShapeOf();
  if (known->shape == nullptr) return false;
  const FileShape& shape = *known->shape;
  if (!HasRowsOf(footer_, shape) || footer_.rows > std::numeric_limits<int32_t>::max() - rows_) return false;
  if (footer_.rows == 0) return true;

  allowance_ = {Allowance(limit_), Allowance(limit_)};
  if (!Prepare(shape) || !AppendRows(shape) || !AppendAbsent(shape)) {
    Rewind(shape);
    return false;
  }
  for (const size_t column : shape.columns) tree_.AddRows(column, footer_.rows);
  rows_ += footer_.rows;
  bytes_ += limit_ - allowance_.rows.left();
  if (!std::exchange(known->present, true)) present_.Add(*shape.schema);
  return true;
}

// All columns of the file as they are before it.
bool SmallFilesReader::Prepare(const FileShape& shape) {
  const int64_t row_bytes = tree_.row_bytes();
  for (const size_t column : shape.columns) tree_.PadTo(column, rows_);
  int64_t own_bytes = 0;
  for (size_t i = 0; i < shape.leaves.size(); ++i) {
    LeafBuilder& leaf = tree_.leaf(shape.leaves[i].leaf);
    tree_.Activate(shape.leaf_columns[i], shape.leaves[i].leaf);
    leaf.Mark();
    own_bytes += leaf.entry_bytes();
  }
  for (const AbsentLeaf& absent : shape.absent) tree_.leaf(absent.leaf).Mark();
  bytes_ += rows_ * (tree_.row_bytes() - row_bytes);
  return allowance_.rows.Take(footer_.rows, tree_.row_bytes() - own_bytes);
}

bool SmallFilesReader::AppendRows(const FileShape& shape) {
  for (const ShapeLeaf& leaf : shape.leaves) {
    LeafBuilder& builder = tree_.leaf(leaf.leaf);
    for (size_t group = 0; group < footer_.group_rows.size(); ++group) {
      const ColumnChunk& chunk =
          footer_.chunks[group * footer_.group_columns + static_cast<size_t>(leaf.chunk)];
      if (!decoder_.Decode(chunk, leaf, footer_.group_rows[group], &allowance_, &builder)) return false;
    }
    if (leaf.shares && !Shares(leaf, builder, tree_.leaf((&leaf - 1)->leaf))) return false;
  }
  return true;
}

// Leaves that no file had so far get all their entries when one has them.
bool SmallFilesReader::AppendAbsent(const FileShape& shape) {
  for (const AbsentLeaf& absent : shape.absent) {
    if (!tree_.active(absent.leaf)) continue;
    LeafBuilder& builder = tree_.leaf(absent.leaf);
    const LeafBuilder& beside = tree_.leaf(absent.beside);
    if (!allowance_.rows.Take(beside.entries() - beside.mark(), builder.entry_bytes())) return false;
    builder.AppendNullsBeside(beside, beside.mark(), absent.repetition, absent.definition);
  }
  return true;
}

void SmallFilesReader::Rewind(const FileShape& shape) {
  for (const ShapeLeaf& leaf : shape.leaves) tree_.leaf(leaf.leaf).Rewind();
  for (const AbsentLeaf& absent : shape.absent) tree_.leaf(absent.leaf).Rewind();
}

Result<std::shared_ptr<arrow::RecordBatch>> SmallFilesReader::Finish() {
  ARROW_ASSIGN_OR_RAISE(auto batch, tree_.Finish(present_.Of(*table_), rows_));
  for (auto& known : shapes_) known.second.present = false;
  present_ = {};
  rows_ = bytes_ = 0;
  return batch;
}

}  // namespace earthcatalog::geoparquet
