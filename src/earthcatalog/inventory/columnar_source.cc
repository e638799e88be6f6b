#include "earthcatalog/inventory/columnar_source.h"

namespace earthcatalog::inventory {

Result<bool> ColumnarSource::Next(RawRow* row) {
  while (batch_ == nullptr || next_in_batch_ == batch_->num_rows()) {
    ARROW_ASSIGN_OR_RAISE(const bool any, Advance());
    if (!any) return false;
  }
  const int64_t at = next_in_batch_++;
  *row = RawRow{};
  row->position = ++position_;
  row->bucket = View(Column::kBucket).At(at).text;
  row->key = View(Column::kKey).At(at).text;
  row->size = View(Column::kSize).At(at);
  row->last_modified = View(Column::kLastModified).At(at);
  row->is_latest = View(Column::kIsLatest).At(at);
  row->is_delete_marker = View(Column::kIsDeleteMarker).At(at);
  return true;
}

Result<std::vector<int>> ColumnarSource::ChooseFields(const arrow::FieldVector& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field->name());
  ARROW_ASSIGN_OR_RAISE(const ColumnPlaces places, ColumnPlaces::Find(names));
  std::vector<int> chosen;
  for (size_t i = 0; i < kColumns; ++i) {
    const int place = places[static_cast<Column>(i)];
    if (place < 0) continue;
    const arrow::Field& field = *fields[static_cast<size_t>(place)];
    ARROW_RETURN_NOT_OK(CheckType(static_cast<Column>(i), *field.type()));
    names_[i] = field.name();
    chosen.push_back(place);
  }
  return chosen;
}

Result<bool> ColumnarSource::Advance() {
  views_ = {};
  batch_.reset();  // before the next one is made: one is enough in memory
  ARROW_ASSIGN_OR_RAISE(batch_, CatchExceptions([&] { return NextBatch(); }));  // the libraries' own
  if (batch_ == nullptr) return false;
  next_in_batch_ = 0;
  for (size_t i = 0; i < kColumns; ++i) {
    if (names_[i].empty()) continue;
    const std::shared_ptr<arrow::Array> column = batch_->GetColumnByName(names_[i]);
    if (column == nullptr) return CorruptError("the column '{}' is missing in a part of the file", names_[i]);
    views_[i] = ColumnView(*column);
  }
  return true;
}

}  // namespace earthcatalog::inventory
