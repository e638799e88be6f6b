// By way of the item: what of it lies in the columns concerned and in the overflow is written as JSON, and
// read again into the new columns. So there is one place that says what a column holds, column.h, and one
// that says what its values mean, item_decoder.h.
#include "earthcatalog/item/change_types.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/item/column.h"
#include "earthcatalog/item/item_decoder.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/scan.h"

namespace earthcatalog::item {
namespace {

bool IsInstant(const arrow::Field* field) {
  return field != nullptr && field->type()->id() == arrow::Type::TIMESTAMP;
}

// The new columns of `table` that are filled again. One style tells how all instants of an item are written:
// where one of them comes or goes, all are read and written again.
arrow::FieldVector ConcernedColumns(const arrow::Schema& rows, const arrow::Schema& table,
                                    const std::set<std::string>& changed) {
  const bool instants = std::ranges::any_of(changed, [&](const std::string& name) {
    return IsInstant(rows.GetFieldByName(name).get()) || IsInstant(table.GetFieldByName(name).get());
  });
  arrow::FieldVector columns;
  for (const auto& field : table.fields()) {
    const auto& name = field->name();
    const bool is_property = !IsItemMember(name) && !IsOwnColumn(name);
    const bool in_style = instants && is_property && IsInstant(field.get()) && HoldsValues(*field->type()) &&
                          rows.GetFieldIndex(name) >= 0;
    if (changed.contains(name) || in_style) columns.push_back(field);
  }
  return columns;
}

class TypeChanger {
 public:
  TypeChanger(const arrow::RecordBatch& rows, const arrow::Schema& table,
              const std::set<std::string>& changed)
      : changed_(changed), fields_(ConcernedColumns(*rows.schema(), table, changed)) {
    styled_ = std::ranges::any_of(fields_, [&](const auto& field) {
      return IsInstant(field.get()) || IsInstant(rows.schema()->GetFieldByName(field->name()).get());
    });
    std::vector<std::unique_ptr<Column>> columns;
    for (const auto& field : fields_) columns.push_back(MakePropertyColumn(field));
    properties_ = std::make_unique<StructColumn>(arrow::field("properties", arrow::struct_(fields_)),
                                                 std::move(columns), /*in_list=*/false);
    styled_ = styled_ && table.GetFieldIndex(std::string(kStyle)) >= 0;
    scan_.style.SetEnabled(styled_);
    known_ = KnownOf(rows);
  }

  Status Add(int64_t row) {
    ARROW_ASSIGN_OR_RAISE(const std::string item, DecodeItem(*known_, row));
    scan_.StartItem(item);
    if (Read() == Fit::kError) return CorruptError("{}", scan_.ProblemText());
    ARROW_RETURN_NOT_OK(AppendText(scan_.overflow.FinishItem(), &overflow_));
    return AppendText(scan_.style.FinishItem(), &style_);
  }

  // `rows` with the new columns.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(std::shared_ptr<arrow::RecordBatch> rows) {
    for (const auto& column : properties_->children()) {
      ARROW_ASSIGN_OR_RAISE(const auto data, column->Finish(rows->num_rows()));
      const auto values = arrow::MakeArray(data);
      const auto field = std::ranges::find(fields_, column->field().name(), &arrow::Field::name);
      const bool wanted = !changed_.contains((*field)->name()) || values->null_count() < values->length();
      ARROW_RETURN_NOT_OK(Put(wanted ? values : nullptr, *field, &rows));
    }
    ARROW_ASSIGN_OR_RAISE(const auto overflow, overflow_.Finish());
    ARROW_RETURN_NOT_OK(Put(overflow, TextField(kOverflow), &rows));
    if (!styled_) return rows;
    ARROW_ASSIGN_OR_RAISE(const auto style, style_.Finish());
    const bool needed = style->null_count() < style->length();
    ARROW_RETURN_NOT_OK(Put(needed ? style : nullptr, TextField(kStyle), &rows));
    return rows;
  }

 private:
  static std::shared_ptr<arrow::Field> TextField(std::string_view name) {
    return arrow::field(std::string(name), arrow::utf8());
  }

  // Of `rows` what the decoder is to know: the rest of the overflow then goes through as it is.
  std::shared_ptr<arrow::RecordBatch> KnownOf(const arrow::RecordBatch& rows) const {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (int i = 0; i < rows.num_columns(); ++i) {
      const auto& field = rows.schema()->field(i);
      const bool concerned = std::ranges::find(fields_, field->name(), &arrow::Field::name) != fields_.end();
      if (!concerned && field->name() != kOverflow && field->name() != kStyle) continue;
      fields.push_back(field);
      columns.push_back(rows.column(i));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(columns));
  }

  // Null takes the column out.
  static Status Put(const std::shared_ptr<arrow::Array>& values, std::shared_ptr<arrow::Field> field,
                    std::shared_ptr<arrow::RecordBatch>* rows) {
    const int place = (*rows)->schema()->GetFieldIndex(field->name());
    if (place < 0) {
      if (values == nullptr) return Status::OK();
      return (*rows)->AddColumn((*rows)->num_columns(), std::move(field), values).Value(rows);
    }
    if (values == nullptr) return (*rows)->RemoveColumn(place).Value(rows);
    return (*rows)->SetColumn(place, std::move(field), values).Value(rows);
  }

  static Status AppendText(std::string_view text, arrow::StringBuilder* builder) {
    return text.empty() ? builder->AppendNull() : builder->Append(text);
  }

  Fit Read() {
    JsonReader& reader = scan_.reader;
    for (reader.EnterObject(); reader.NextKey();) {
      std::string_view name;
      if (!reader.ReadKey(&name)) return Fit::kError;
      const Fit fit =
          name == "properties" ? properties_->Append(&scan_) : scan_.KeepUnknown(name, /*may_grow=*/false);
      if (fit == Fit::kError) return fit;
    }
    return reader.failed() ? Fit::kError : scan_.CheckUnknownNames(0);
  }

  const std::set<std::string>& changed_;
  const arrow::FieldVector fields_;
  bool styled_ = false;
  std::unique_ptr<StructColumn> properties_;
  std::shared_ptr<arrow::RecordBatch> known_;
  Scan scan_;
  arrow::StringBuilder overflow_, style_;
};

}  // namespace

bool HoldsValues(const arrow::DataType& type) {
  if (type.id() == arrow::Type::LIST || type.id() == arrow::Type::STRUCT) {
    return std::ranges::all_of(type.fields(), [](const auto& field) { return HoldsValues(*field->type()); });
  }
  return MakeScalarColumn(arrow::field("", type.GetSharedPtr())) != nullptr;
}

bool MayChangeType(const std::string& column) {
  return !IsItemMember(column) && !IsOwnColumn(column) && InitialSchema()->GetFieldIndex(column) < 0;
}

Result<std::shared_ptr<arrow::RecordBatch>> ChangeTypes(
    const std::shared_ptr<arrow::RecordBatch>& rows, const arrow::Schema& table,
    const std::set<std::string>& changed, const std::function<int64_t(int64_t row)>& number_of) {
  if (table.GetFieldIndex(std::string(kOverflow)) < 0) {
    return CorruptError("the table has no column {}", kOverflow);
  }
  TypeChanger changer(*rows, table, changed);
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    const Status added = changer.Add(row);
    if (!added.ok()) return WithContext(added, fmt::format("row {}", number_of ? number_of(row) : row));
  }
  return changer.Finish(rows);
}

}  // namespace earthcatalog::item
