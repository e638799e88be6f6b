#include "earthcatalog/geoparquet/leaf_walker.h"

#include <arrow/util/bit_util.h>

#include <numeric>

namespace earthcatalog::geoparquet {
namespace {

const uint8_t* ValidityOf(const arrow::ArrayData& array) {
  return array.MayHaveNulls() ? array.buffers[0]->data() : nullptr;
}

// Raises the definition level of the entries that reach this node and are not null here.
void ApplyValidity(const arrow::ArrayData& array, int64_t base, int16_t level, Entries* entries) {
  const auto present = static_cast<int16_t>(level + 1);
  const uint8_t* valid = ValidityOf(array);
  for (size_t i = 0; i < entries->size(); ++i) {
    if (entries->definition[i] != level) continue;
    if (valid == nullptr || arrow::bit_util::GetBit(valid, base + entries->slots[i])) {
      entries->definition[i] = present;
    }
  }
}

// Nulls below a null parent do not count: nobody sees them.
bool HasNulls(const arrow::ArrayData& array, int64_t base, int16_t level, const Entries& entries) {
  const uint8_t* valid = ValidityOf(array);
  if (valid == nullptr) return false;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries.definition[i] == level && !arrow::bit_util::GetBit(valid, base + entries.slots[i]))
      return true;
  }
  return false;
}

// One entry for each element of the lists at `level`; empty and missing lists keep theirs.
void ExpandLists(const arrow::ArrayData& list, int64_t base, int16_t level, int16_t repetition,
                 const Entries& lists, Entries* elements) {
  const int32_t* offsets = list.GetValues<int32_t>(1, 0);
  const auto add = [elements](int16_t definition_level, int16_t repetition_level, int64_t slot) {
    elements->definition.push_back(definition_level);
    elements->repetition.push_back(repetition_level);
    elements->slots.push_back(slot);
  };
  elements->clear();
  for (size_t i = 0; i < lists.size(); ++i) {
    const int16_t start = lists.repetition.empty() ? int16_t{0} : lists.repetition[i];
    const int64_t place = base + lists.slots[i];
    if (lists.definition[i] != level || offsets[place] == offsets[place + 1]) {
      add(lists.definition[i], start, kNoSlot);
      continue;
    }
    for (int32_t j = offsets[place]; j < offsets[place + 1]; ++j) {
      add(static_cast<int16_t>(level + 1), j == offsets[place] ? start : repetition, j);
    }
  }
}

}  // namespace

void Entries::clear() {
  definition.clear();
  repetition.clear();
  slots.clear();
}

Entries* LeafWalker::Scratch(size_t depth) {
  while (scratch_.size() <= depth) scratch_.emplace_back();
  return &scratch_[depth];
}

Status LeafWalker::Walk(const arrow::RecordBatch& rows, const Visit& visit) {
  Entries* all = Scratch(0);
  const auto count = static_cast<size_t>(rows.num_rows());
  all->definition.assign(count, 0);
  all->repetition.clear();
  all->slots.resize(count);
  std::iota(all->slots.begin(), all->slots.end(), 0);

  visit_ = &visit;
  next_leaf_ = 0;
  for (int i = 0; i < rows.num_columns(); ++i) {
    const arrow::ArrayData& column = *rows.column_data(i);
    ARROW_RETURN_NOT_OK(Descend({*rows.schema()->field(i), column, column.offset, 0, 0}, *all, 1));
  }
  return Status::OK();
}

Status LeafWalker::Descend(Node node, const Entries& parent, size_t depth) {
  const Entries* entries = &parent;
  if (node.field.nullable()) {
    Entries* own = Scratch(depth++);
    *own = parent;
    ApplyValidity(node.array, node.base, node.definition++, own);
    entries = own;
  } else if (HasNulls(node.array, node.base, node.definition, parent)) {
    return Status::Invalid("column ", node.field.name(), " must not be null but is in some rows");
  }

  switch (node.array.type->id()) {
    case arrow::Type::STRUCT:
      for (int i = 0; i < node.array.type->num_fields(); ++i) {
        const arrow::ArrayData& child = *node.array.child_data[static_cast<size_t>(i)];
        ARROW_RETURN_NOT_OK(Descend(
            {*node.array.type->field(i), child, node.base + child.offset, node.definition, node.repetition},
            *entries, depth));
      }
      return Status::OK();
    case arrow::Type::LIST: {
      Entries* elements = Scratch(depth++);
      const auto repetition = static_cast<int16_t>(node.repetition + 1);
      ExpandLists(node.array, node.base, node.definition, repetition, *entries, elements);
      const arrow::ArrayData& child = *node.array.child_data[0];
      return Descend({*node.array.type->field(0), child, child.offset,
                      static_cast<int16_t>(node.definition + 1), repetition},
                     *elements, depth);
    }
    default:
      return (*visit_)(next_leaf_++, {node.array, node.base, *entries});
  }
}

}  // namespace earthcatalog::geoparquet
