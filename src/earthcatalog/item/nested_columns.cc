// Columns of objects and lists.
#include <arrow/array/data.h>

#include <algorithm>
#include <span>

#include "earthcatalog/item/column.h"
#include "earthcatalog/item/column_buffers.h"

namespace earthcatalog::item {
namespace {

std::vector<std::string> NamesOf(const std::vector<std::unique_ptr<Column>>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column->field().name());
  return names;
}

// A list is in its column as a whole, or not at all.
class ListColumn : public Column {
 public:
  ListColumn(std::shared_ptr<arrow::Field> field, std::unique_ptr<Column> elements)
      : Column(std::move(field)), elements_(std::move(elements)) {}

  Fit Append(Scan* scan) override {
    if (scan->reader.Peek() != '[') return AppendNull();
    const int64_t first = elements_->size();
    const Fit fit = AppendElements(scan);
    if (fit == Fit::kMisfit) {
      elements_->Truncate(first);
      return AppendNull();
    }
    valid_.push_back(1);
    ends_.push_back(static_cast<int32_t>(elements_->size()));
    return fit;
  }

  void PadTo(int64_t rows) override {
    valid_.resize(static_cast<size_t>(rows));
    ends_.resize(static_cast<size_t>(rows), static_cast<int32_t>(elements_->size()));
  }

  void Truncate(int64_t rows) override {
    if (rows < size()) {
      valid_.resize(static_cast<size_t>(rows));
      ends_.resize(static_cast<size_t>(rows));
    }
    elements_->Truncate(ends_.empty() ? 0 : ends_.back());
  }

 protected:
  Status FinishValues(arrow::ArrayData* data) override {
    const int64_t elements = elements_->size();
    ARROW_ASSIGN_OR_RAISE(auto offsets, OffsetsFromEnds(ends_));
    data->buffers.push_back(std::move(offsets));
    ARROW_ASSIGN_OR_RAISE(auto child, elements_->Finish(elements));
    data->child_data.push_back(std::move(child));
    ends_.clear();
    return Status::OK();
  }

 private:
  Fit AppendElements(Scan* scan) {
    scan->reader.EnterArray();
    for (size_t index = 0; scan->reader.NextElement(); ++index) {
      if (scan->reader.TakeLiteral("null")) {
        elements_->PadTo(elements_->size() + 1);
        continue;
      }
      const Fit fit = elements_->Append(scan);
      if (fit == Fit::kError) return scan->FailedInElement(index);
      if (fit != Fit::kStored) return Fit::kMisfit;
    }
    return scan->reader.failed() ? Fit::kError : Fit::kStored;
  }

  std::unique_ptr<Column> elements_;
  std::vector<int32_t> ends_;  // of each row's elements
};

}  // namespace

StructColumn::StructColumn(std::shared_ptr<arrow::Field> field, std::vector<std::unique_ptr<Column>> children,
                           bool in_list)
    : Column(std::move(field)),
      children_(std::move(children)),
      keys_(NamesOf(children_)),
      in_list_(in_list) {}

Fit StructColumn::Append(Scan* scan) {
  if (scan->reader.Peek() != '{') return AppendNull();
  if (!in_list_) scan->overflow.Enter(field_->name());
  Tally tally;
  const Fit fit = AppendMembers(scan, &tally);
  if (!in_list_) scan->overflow.Leave();
  valid_.push_back(tally.stored > 0 || tally.members == 0 || keep_empty_);
  return fit;
}

Fit StructColumn::AppendMembers(Scan* scan, Tally* tally) {
  const size_t first_unknown = scan->UnknownNames();
  Fit fit = Fit::kStored;
  int place = KeyIndex::kUnknown;
  scan->reader.EnterObject();
  while (scan->reader.NextKey()) {
    ++tally->members;
    std::string_view raw;
    const int found = keys_.Read(&scan->reader, place, &raw);
    if (scan->reader.failed()) return Fit::kError;
    if (found != KeyIndex::kUnknown) {
      place = found;
      fit = std::max(fit, AppendMember(children_[static_cast<size_t>(found)].get(), scan, tally));
    } else {
      fit = std::max(fit, in_list_ ? Fit::kMisfit : scan->KeepUnknown(raw, /*may_grow=*/true));
    }
    if (fit >= Fit::kMisfit) return fit;
  }
  if (scan->reader.failed()) return Fit::kError;
  return std::max(fit, scan->CheckUnknownNames(first_unknown));
}

// kStored, also when the value went to overflow; but inside a list kMisfit then.
Fit StructColumn::AppendMember(Column* child, Scan* scan, Tally* tally) {
  const int64_t row = size();
  const std::string& name = child->field().name();
  if (child->size() > row) return scan->Fail(kInvalidJson, "the key \"" + name + "\" comes twice");
  child->PadTo(row);
  const char* const place = scan->reader.Place();
  if (scan->reader.Peek() == 'n') {
    child->PadTo(row + 1);
    return in_list_ ? Fit::kMisfit : scan->Keep(name, place, /*may_grow=*/false);
  }
  const Fit fit = child->Append(scan);
  if (fit == Fit::kError) return scan->FailedInMember(name);
  if (fit != Fit::kMisfit) ++tally->stored;
  if (fit == Fit::kStored) return fit;
  return in_list_ ? Fit::kMisfit : scan->KeepBeside(name, place, fit);
}

void StructColumn::PadTo(int64_t rows) { valid_.resize(static_cast<size_t>(rows)); }

void StructColumn::Truncate(int64_t rows) {
  if (rows < size()) valid_.resize(static_cast<size_t>(rows));
  for (const auto& child : children_) child->Truncate(rows);
}

Status StructColumn::FinishValues(arrow::ArrayData* data) {
  for (const auto& child : children_) {
    ARROW_ASSIGN_OR_RAISE(auto child_data, child->Finish(data->length));
    data->child_data.push_back(std::move(child_data));
  }
  return Status::OK();
}

std::unique_ptr<Column> MakeStructColumn(const std::shared_ptr<arrow::Field>& field, bool in_list) {
  std::vector<std::unique_ptr<Column>> children;
  for (const auto& child : field->type()->fields()) children.push_back(MakeColumn(child, in_list));
  return std::make_unique<StructColumn>(field, std::move(children), in_list);
}

std::unique_ptr<Column> MakeAssetsColumn(const std::shared_ptr<arrow::Field>& field) {
  auto column = MakeColumn(field);
  if (auto* const assets = dynamic_cast<StructColumn*>(column.get())) assets->KeepEmpty();
  return column;
}

std::unique_ptr<Column> MakeListColumn(const std::shared_ptr<arrow::Field>& field) {
  return std::make_unique<ListColumn>(field, MakeColumn(field->type()->field(0), /*in_list=*/true));
}

}  // namespace earthcatalog::item
