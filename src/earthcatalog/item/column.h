// One column of the table while it is filled from JSON values.
//
// A column grows by one row at a time, and only when there is a value for it: rows without one are made up
// for (PadTo) when the next value comes or the batch ends, so that a wide table costs nothing for what an
// item lacks.
#pragma once

#include <arrow/array/data.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/item/key_index.h"
#include "earthcatalog/item/scan.h"

namespace earthcatalog::item {

class Column {
 public:
  explicit Column(std::shared_ptr<arrow::Field> field) : field_(std::move(field)) {}
  virtual ~Column() = default;

  const arrow::Field& field() const { return *field_; }
  int64_t size() const { return static_cast<int64_t>(valid_.size()); }

  // Appends one row: the value that the scan's reader is at if it fits, else a null. After kStored the reader
  // is behind the value, otherwise anywhere. After kError the row may be half there: Truncate().
  virtual Fit Append(Scan* scan) = 0;

  // Adds nulls up to `rows`.
  virtual void PadTo(int64_t rows) = 0;
  // Forgets the rows from `rows` on, if there are any.
  virtual void Truncate(int64_t rows) = 0;
  // The `rows` rows, nulls where it has fewer; the column is empty again and keeps its memory.
  Result<std::shared_ptr<arrow::ArrayData>> Finish(int64_t rows);

 protected:
  // The buffers and children behind the validity buffer.
  virtual Status FinishValues(arrow::ArrayData* data) = 0;

  Fit AppendNull() {
    PadTo(size() + 1);
    return Fit::kMisfit;
  }

  const std::shared_ptr<arrow::Field> field_;
  std::vector<uint8_t> valid_;  // one byte a row
};

// A column of text or bytes; those of JSON text take every kind of value.
class BytesColumn : public Column {
 public:
  using Column::Column;
  void PadTo(int64_t rows) override;
  void Truncate(int64_t rows) override;

  // The bytes of the row `row` if it is there already and not null; valid until the column changes.
  std::string_view BytesOf(int64_t row) const;

 protected:
  Status FinishValues(arrow::ArrayData* data) override;
  // Ends a row whose bytes are appended to `bytes_`.
  void EndRow();

  std::vector<int32_t> ends_;  // of each row in `bytes_`
  std::string bytes_;
};

// Objects. As a list's element it is all or nothing; elsewhere, members without a place in it go to overflow.
// A struct of nothing but nulls is an empty object; where all members went to overflow the struct is null, so
// that readers do not see, say, an asset without its href.
class StructColumn : public Column {
 public:
  StructColumn(std::shared_ptr<arrow::Field> field, std::vector<std::unique_ptr<Column>> children,
               bool in_list);
  // An object is never null here, even if all its members went to overflow.
  void KeepEmpty() { keep_empty_ = true; }

  Fit Append(Scan* scan) override;
  void PadTo(int64_t rows) override;
  void Truncate(int64_t rows) override;

  const std::vector<std::unique_ptr<Column>>& children() const { return children_; }

 protected:
  Status FinishValues(arrow::ArrayData* data) override;

 private:
  // What became of an object's members.
  struct Tally {
    int members = 0;
    int stored = 0;  // of those, in their columns, at least in part
  };
  Fit AppendMembers(Scan* scan, Tally* tally);
  Fit AppendMember(Column* child, Scan* scan, Tally* tally);

  std::vector<std::unique_ptr<Column>> children_;
  KeyIndex keys_;
  const bool in_list_;
  bool keep_empty_ = false;
};

// Makes the column for a field of the table, whatever its type: types without JSON values are columns of
// nulls. `in_list`: it is a list's element, or inside one.
std::unique_ptr<Column> MakeColumn(const std::shared_ptr<arrow::Field>& field, bool in_list = false);

// The same for a property of an item, whose instants may follow the item's style.
std::unique_ptr<Column> MakePropertyColumn(const std::shared_ptr<arrow::Field>& field);

// For the members of an item that have a form of their own.
std::unique_ptr<BytesColumn> MakeGeometryColumn(const std::shared_ptr<arrow::Field>& field);
std::unique_ptr<Column> MakeAssetsColumn(const std::shared_ptr<arrow::Field>& field);
// A column of JSON text that stands for the value: nothing of it goes to overflow.
std::unique_ptr<Column> MakeJsonTextColumn(const std::shared_ptr<arrow::Field>& field);

// The parts of MakeColumn: structs, lists, and the scalar types (null for others).
std::unique_ptr<Column> MakeStructColumn(const std::shared_ptr<arrow::Field>& field, bool in_list);
std::unique_ptr<Column> MakeListColumn(const std::shared_ptr<arrow::Field>& field);
std::unique_ptr<Column> MakeScalarColumn(const std::shared_ptr<arrow::Field>& field);

}  // namespace earthcatalog::item
