#include "earthcatalog/item/shape.h"

#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/schema_parts.h"

namespace earthcatalog::item {
namespace {

enum Kind : uint8_t { kBool = 1, kInt = 2, kDouble = 4, kText = 8, kList = 16, kObject = 32 };
constexpr uint8_t kNumber = kInt | kDouble;

uint8_t KindOf(JsonReader* reader) {
  switch (reader->Peek()) {
    case '{':
      return kObject;
    case '[':
      return kList;
    case '"':
      return kText;
    case 't':
    case 'f':
      return kBool;
    case 'n':
      return 0;
    default:
      break;
  }
  JsonNumber number;
  const char* const place = reader->Place();
  reader->ReadNumber(&number);
  reader->Rewind(place);
  if (number.AsInt64().has_value()) return kInt;
  return number.AsDouble().has_value() ? kDouble : 0;  // 0: beyond the range of any column
}

// The kinds of value a column of this type takes.
uint8_t KindsIn(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return kBool;
    case arrow::Type::INT64:
      return kInt;
    case arrow::Type::DOUBLE:
      return kNumber;
    case arrow::Type::LIST:
      return kList;
    case arrow::Type::STRUCT:
      return kObject;
    default:  // text, and timestamps, which are text in JSON
      return kText;
  }
}

}  // namespace

void Shape::Add(JsonReader* reader, int nesting) {
  const uint8_t kind = KindOf(reader);
  kinds_ |= kind;
  if (nesting < kMaxNesting && kind == kObject) {
    AddObject(reader, nesting);
  } else if (nesting < kMaxNesting && kind == kList) {
    if (elements_ == nullptr) elements_ = std::make_unique<Shape>();
    for (reader->EnterArray(); reader->NextElement();) elements_->Add(reader, nesting + 1);
  } else {
    reader->Skip();
  }
}

void Shape::AddObject(JsonReader* reader, int nesting) {
  std::string decoded;
  for (reader->EnterObject(); reader->NextKey();) {
    std::string_view raw;
    reader->ReadKey(&raw);
    const std::string_view name = DecodeString(raw, &decoded);
    auto found = members_.find(name);
    if (found == members_.end()) found = members_.emplace(name, Shape()).first;
    found->second.Add(reader, nesting + 1);
  }
}

std::shared_ptr<arrow::DataType> Shape::PropertyType(std::string_view name) const {
  auto declared = DeclaredType(name);
  if (declared == nullptr) return InferredType();
  return Fits(*declared, /*all=*/false) ? declared : nullptr;
}

std::shared_ptr<arrow::DataType> Shape::MemberType(std::string_view name) const {
  auto declared = DeclaredNestedType(name);
  return declared != nullptr && Fits(*declared, /*all=*/true) ? declared : InferredType();
}

std::shared_ptr<arrow::DataType> Shape::InferredType() const {
  switch (kinds_) {
    case kBool:
      return arrow::boolean();
    case kInt:
      return arrow::int64();
    case kDouble:
    case kNumber:
      return arrow::float64();
    case kText:
      return arrow::utf8();
    case kObject:
      return StructType();
    case kList: {
      auto element = elements_ == nullptr ? nullptr : elements_->InferredType();
      return element == nullptr ? nullptr : ListOf(std::move(element));
    }
    default:
      return nullptr;
  }
}

std::shared_ptr<arrow::DataType> Shape::StructType() const {
  arrow::FieldVector fields;
  for (const auto& [name, shape] : members_) {
    if (auto type = shape.MemberType(name)) fields.push_back(arrow::field(name, std::move(type)));
  }
  return fields.empty() ? nullptr : arrow::struct_(std::move(fields));
}

// Whether some, or all, of the values seen may be in a column of this type.
bool Shape::Fits(const arrow::DataType& declared, bool all) const {
  const uint8_t wanted = KindsIn(declared);
  const bool kinds_fit = all ? (kinds_ & ~wanted) == 0 : (kinds_ & wanted) != 0;
  if (!kinds_fit || declared.id() != arrow::Type::LIST) return kinds_fit;
  return elements_ == nullptr || elements_->kinds_ == 0 || elements_->Fits(*declared.field(0)->type(), all);
}

}  // namespace earthcatalog::item
