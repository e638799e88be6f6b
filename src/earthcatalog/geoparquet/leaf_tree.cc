#include "earthcatalog/geoparquet/leaf_tree.h"

#include <arrow/array/data.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <utility>

namespace earthcatalog::geoparquet {
namespace {

using ArrayDataPtr = std::shared_ptr<arrow::ArrayData>;

constexpr uint8_t kMostLevels = 100;

LeafNode::Kind NodeKindOf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT && type.num_fields() > 0) return LeafNode::Kind::kStruct;
  return type.id() == arrow::Type::LIST ? LeafNode::Kind::kList : LeafNode::Kind::kLeaf;
}

// Calls `visit(present)` for each slot of the node, which a leaf below it has entries of.
template <typename Visit>
void ForEachSlot(const LeafNode& node, const LeafBuilder& leaf, const Visit& visit) {
  const uint8_t* const definition = leaf.definition();
  const uint8_t* const repetition = leaf.levels().repetition > node.repetition ? leaf.repetition() : nullptr;
  for (int64_t i = 0; i < leaf.entries(); ++i) {
    if (definition[i] < node.element || (repetition != nullptr && repetition[i] > node.repetition)) continue;
    visit(definition[i] >= node.present);
  }
}

// With a bitmap where there are nulls; `slots` are counted.
Result<ArrayDataPtr> MakeParent(const LeafNode& node, const arrow::Field& wanted, const LeafBuilder& leaf) {
  int64_t slots = 0, nulls = 0;
  ForEachSlot(node, leaf, [&](bool present) {
    ++slots;
    nulls += present ? 0 : 1;
  });
  auto data = arrow::ArrayData::Make(wanted.type(), slots, {nullptr}, 0);
  // Nobody sees the nulls of a column that must not have any: something above it is null.
  if (nulls == 0 || !node.field->nullable()) return data;
  ARROW_ASSIGN_OR_RAISE(data->buffers[0], arrow::AllocateEmptyBitmap(slots));
  data->null_count = nulls;
  uint8_t* const bits = data->buffers[0]->mutable_data();
  int64_t slot = 0;
  ForEachSlot(node, leaf, [&](bool present) { arrow::bit_util::SetBitTo(bits, slot++, present); });
  return data;
}

Result<std::shared_ptr<arrow::Buffer>> OffsetsOf(const LeafNode& list, const LeafBuilder& leaf,
                                                 int64_t slots) {
  ARROW_ASSIGN_OR_RAISE(auto buffer,
                        arrow::AllocateBuffer((slots + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* offsets = reinterpret_cast<int32_t*>(buffer->mutable_data());
  int32_t elements = 0;
  for (int64_t i = 0; i < leaf.entries(); ++i) {
    const uint8_t definition = leaf.definition()[i], repetition = leaf.repetition()[i];
    if (definition < list.element || repetition > list.repetition + 1) continue;
    if (repetition <= list.repetition) *offsets++ = elements;
    if (definition > list.present) ++elements;
  }
  *offsets = elements;
  return buffer;
}

}  // namespace

Result<LeafTree> LeafTree::Make(const arrow::Schema& table) {
  LeafTree tree;
  for (const auto& field : table.fields()) {
    ARROW_ASSIGN_OR_RAISE(tree.columns_.emplace_back(), tree.AddNode(field, {}));
  }
  tree.rows_.resize(tree.columns_.size());
  return tree;
}

Result<LeafNode> LeafTree::AddNode(const std::shared_ptr<arrow::Field>& field, LeafBuilder::Levels levels) {
  LeafNode node{NodeKindOf(*field->type()),
                field,
                leaves_.size(),
                0,
                levels.definition,
                static_cast<uint8_t>(levels.definition + (field->nullable() ? 1 : 0)),
                levels.repetition,
                levels.elements.empty() ? uint8_t{0} : levels.elements.back(),
                {}};
  if (node.present > kMostLevels) return Status::Invalid("column ", field->name(), " is nested too deep");
  levels.definition = node.present;
  if (node.kind == LeafNode::Kind::kLeaf) {
    levels.nullable = field->nullable();
    leaves_.push_back({LeafBuilder(field->type(), std::move(levels))});
  } else {
    if (node.kind == LeafNode::Kind::kList) {
      ++levels.repetition;
      levels.elements.push_back(++levels.definition);
    }
    for (const auto& child : field->type()->fields()) {
      ARROW_ASSIGN_OR_RAISE(node.children.emplace_back(), AddNode(child, levels));
    }
  }
  node.end_leaf = leaves_.size();
  return node;
}

const LeafBuilder* LeafTree::ActiveBelow(const LeafNode& node) const {
  for (size_t i = node.first_leaf; i < node.end_leaf; ++i) {
    if (leaves_[i].active) return &leaves_[i].builder;
  }
  return nullptr;
}

void LeafTree::Activate(size_t column, size_t leaf) {
  if (leaves_[leaf].active) return;
  // The innermost struct around it with a leaf that is active.
  const LeafNode* parent = nullptr;
  const LeafBuilder* beside = nullptr;
  for (const LeafNode* node = &columns_[column]; node != nullptr;) {
    const LeafBuilder* const found = ActiveBelow(*node);
    if (found == nullptr) break;
    parent = node;
    beside = found;
    const auto child = std::find_if(node->children.begin(), node->children.end(), [&](const LeafNode& one) {
      return one.first_leaf <= leaf && leaf < one.end_leaf;
    });
    node = child == node->children.end() ? nullptr : &*child;
  }
  LeafBuilder& builder = leaves_[leaf].builder;
  if (beside == nullptr) {
    builder.AppendNullRows(rows_[column]);
  } else {
    builder.AppendNullsBeside(*beside, 0, parent->repetition, parent->present);
  }
  leaves_[leaf].active = true;
  row_bytes_ += builder.entry_bytes();
}

void LeafTree::ActivateAll(size_t column, const LeafNode& node, const arrow::Field& wanted) {
  if (node.kind == LeafNode::Kind::kLeaf) return Activate(column, node.first_leaf);
  auto child = node.children.begin();
  for (const auto& field : wanted.type()->fields()) {
    while (child->field->name() != field->name()) ++child;
    ActivateAll(column, *child++, *field);
  }
}

void LeafTree::PadTo(size_t column, int64_t rows) {
  const int64_t missing = rows - std::exchange(rows_[column], rows);
  if (missing == 0) return;
  const LeafNode& node = columns_[column];
  for (size_t i = node.first_leaf; i < node.end_leaf; ++i) {
    if (leaves_[i].active) leaves_[i].builder.AppendNullRows(missing);
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> LeafTree::Finish(const std::shared_ptr<arrow::Schema>& schema,
                                                             int64_t rows) {
  std::vector<ArrayDataPtr> arrays;
  size_t column = 0;
  for (const auto& wanted : schema->fields()) {
    while (columns_[column].field->name() != wanted->name()) ++column;
    PadTo(column, rows);
    ActivateAll(column, columns_[column], *wanted);
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), Assemble(columns_[column], *wanted));
    ++column;
  }
  Clear();
  return arrow::RecordBatch::Make(schema, rows, std::move(arrays));
}

void LeafTree::Clear() {
  for (Leaf& leaf : leaves_) {
    if (std::exchange(leaf.active, false)) leaf.builder.Clear();
  }
  rows_.assign(rows_.size(), 0);
  row_bytes_ = 0;
}

Result<ArrayDataPtr> LeafTree::Assemble(const LeafNode& node, const arrow::Field& wanted) {
  if (node.kind == LeafNode::Kind::kLeaf) return leaves_[node.first_leaf].builder.Finish();
  const LeafBuilder& leaf = *ActiveBelow(node);
  ARROW_ASSIGN_OR_RAISE(auto data, MakeParent(node, wanted, leaf));
  if (node.kind == LeafNode::Kind::kList) {
    ARROW_ASSIGN_OR_RAISE(data->buffers.emplace_back(), OffsetsOf(node, leaf, data->length));
  }
  // After that: a leaf has no levels any more when its array is made.
  auto child = node.children.begin();
  for (const auto& field : wanted.type()->fields()) {
    while (child->field->name() != field->name()) ++child;
    ARROW_ASSIGN_OR_RAISE(data->child_data.emplace_back(), Assemble(*child++, *field));
  }
  return data;
}

}  // namespace earthcatalog::geoparquet
