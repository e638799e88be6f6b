// Columns of numbers, booleans, instants and text.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>

#include "earthcatalog/base/time.h"
#include "earthcatalog/item/column.h"
#include "earthcatalog/item/column_buffers.h"
#include "earthcatalog/item/instant_form.h"

namespace earthcatalog::item {
namespace {

constexpr double kMaxExactInteger = 0x1p53;

// Values of one width.
template <typename T>
class FixedColumn : public Column {
 public:
  using Column::Column;
  void PadTo(int64_t rows) override {
    valid_.resize(static_cast<size_t>(rows));
    values_.resize(static_cast<size_t>(rows));
  }
  void Truncate(int64_t rows) override {
    if (rows < size()) PadTo(rows);
  }

 protected:
  Fit Store(T value) {
    valid_.push_back(1);
    values_.push_back(value);
    return Fit::kStored;
  }
  Status FinishValues(arrow::ArrayData* data) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, CopyToBuffer(std::span<const T>(values_)));
    data->buffers.push_back(std::move(buffer));
    values_.clear();
    return Status::OK();
  }

  std::vector<T> values_;
};

class BoolColumn : public FixedColumn<uint8_t> {
 public:
  using FixedColumn::FixedColumn;
  Fit Append(Scan* scan) override {
    if (scan->reader.TakeLiteral("true")) return Store(1);
    if (scan->reader.TakeLiteral("false")) return Store(0);
    return AppendNull();
  }

 protected:
  Status FinishValues(arrow::ArrayData* data) override {
    ARROW_ASSIGN_OR_RAISE(auto bits, PackBits(values_));
    data->buffers.push_back(std::move(bits));
    values_.clear();
    return Status::OK();
  }
};

// 30.0 is the integer 30.
std::optional<int64_t> WholeValue(const JsonNumber& number) {
  if (const auto integer = number.AsInt64()) return integer;
  const auto value = number.AsDouble();
  const bool whole =
      value.has_value() && std::trunc(*value) == *value && std::abs(*value) <= kMaxExactInteger;
  return whole && !number.integer ? std::optional(static_cast<int64_t>(*value)) : std::nullopt;
}

template <typename T>
class IntegerColumn : public FixedColumn<T> {
 public:
  using FixedColumn<T>::FixedColumn;
  Fit Append(Scan* scan) override {
    JsonNumber number;
    if (!scan->reader.at_number()) return this->AppendNull();
    if (!scan->reader.ReadNumber(&number)) return Fit::kError;
    const auto value = WholeValue(number);
    const bool fits = value.has_value() && *value >= std::numeric_limits<T>::min() &&
                      *value <= std::numeric_limits<T>::max();
    if (fits && !number.AsInt64()) scan->NoteConflict();
    return fits ? this->Store(static_cast<T>(*value)) : this->AppendNull();
  }
};

template <typename T>
class FloatingColumn : public FixedColumn<T> {
 public:
  using FixedColumn<T>::FixedColumn;
  Fit Append(Scan* scan) override {
    JsonNumber number;
    if (!scan->reader.at_number()) return this->AppendNull();
    if (!scan->reader.ReadNumber(&number)) return Fit::kError;
    const auto value = number.AsDouble();
    return value.has_value() && Holds(*value) && number.Means(*value) ? this->Store(static_cast<T>(*value))
                                                                      : this->AppendNull();
  }

 private:
  static bool Holds(double value) {
    if constexpr (std::is_same_v<T, double>) return true;
    return std::abs(value) <= static_cast<double>(std::numeric_limits<T>::max()) &&
           static_cast<double>(static_cast<T>(value)) == value;
  }
};

// Instants. The text they were read from is kept too when neither they nor the item's style give it back.
class TimestampColumn : public FixedColumn<int64_t> {
 public:
  // `in_style`: the item's style may say how they are written.
  TimestampColumn(std::shared_ptr<arrow::Field> field, bool in_style)
      : FixedColumn(std::move(field)), in_style_(in_style) {}

  Fit Append(Scan* scan) override {
    std::string_view raw;
    if (scan->reader.Peek() != '"') return AppendNull();
    if (!scan->reader.ReadString(&raw)) return Fit::kError;
    const std::string_view text = DecodeString(raw, &scan->decoded);
    const auto instant = ParseRfc3339(text);
    if (!instant.has_value()) return AppendNull();
    Store(*instant);
    const bool comes_back =
        in_style_ ? scan->style.AddInstant(field_->name(), text, *instant) : IsCanonical(text, *instant);
    return comes_back ? Fit::kStored : Fit::kKept;
  }

 private:
  static bool IsCanonical(std::string_view text, int64_t instant) {
    const auto forms = InstantForms::Of(text, instant);
    return forms && forms->canonical();
  }

  const bool in_style_;
};

class TextColumn : public BytesColumn {
 public:
  // `stands_for_value`: objects and lists are in this column and nowhere else.
  TextColumn(std::shared_ptr<arrow::Field> field, bool stands_for_value)
      : BytesColumn(std::move(field)), stands_for_value_(stands_for_value) {}

  Fit Append(Scan* scan) override {
    const char first = scan->reader.Peek();
    if (first == '"') {
      std::string_view raw;
      if (!scan->reader.ReadString(&raw)) return Fit::kError;
      bytes_.append(DecodeString(raw, &scan->decoded));
      EndRow();
      return Fit::kStored;
    }
    if (first != '{' && first != '[') return AppendNull();
    if (!scan->reader.Copy(&bytes_)) return Fit::kError;
    EndRow();
    return stands_for_value_ ? Fit::kStored : Fit::kAsText;
  }

 private:
  const bool stands_for_value_;
};

bool IsUtcMicros(const arrow::DataType& type) {
  const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
  const bool utc = timestamp.timezone() == "UTC" || timestamp.timezone() == "+00:00";
  return timestamp.unit() == arrow::TimeUnit::MICRO && utc;
}

}  // namespace

std::unique_ptr<Column> MakeScalarColumn(const std::shared_ptr<arrow::Field>& field) {
  switch (field->type()->id()) {
    case arrow::Type::BOOL:
      return std::make_unique<BoolColumn>(field);
    case arrow::Type::INT32:
      return std::make_unique<IntegerColumn<int32_t>>(field);
    case arrow::Type::INT64:
      return std::make_unique<IntegerColumn<int64_t>>(field);
    case arrow::Type::FLOAT:
      return std::make_unique<FloatingColumn<float>>(field);
    case arrow::Type::DOUBLE:
      return std::make_unique<FloatingColumn<double>>(field);
    case arrow::Type::STRING:
      return std::make_unique<TextColumn>(field, /*stands_for_value=*/false);
    case arrow::Type::TIMESTAMP:
      if (!IsUtcMicros(*field->type())) return nullptr;
      return std::make_unique<TimestampColumn>(field, /*in_style=*/false);
    default:
      return nullptr;
  }
}

std::unique_ptr<Column> MakePropertyColumn(const std::shared_ptr<arrow::Field>& field) {
  const bool instants = field->type()->id() == arrow::Type::TIMESTAMP && IsUtcMicros(*field->type());
  if (!instants || !StyleWriter::CanName(field->name())) return MakeColumn(field);
  return std::make_unique<TimestampColumn>(field, /*in_style=*/true);
}

std::unique_ptr<Column> MakeJsonTextColumn(const std::shared_ptr<arrow::Field>& field) {
  return std::make_unique<TextColumn>(field, /*stands_for_value=*/true);
}

}  // namespace earthcatalog::item
