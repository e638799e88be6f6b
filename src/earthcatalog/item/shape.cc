#include "earthcatalog/item/shape.h"

#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::item {
namespace {

bool SkipUntold(JsonReader* reader) {
  reader->Skip();
  return false;
}

}  // namespace

bool Shape::Add(JsonReader* reader, int nesting) {
  const char first = reader->Peek();
  if (first == '{') return AddObject(reader, nesting);
  if (first == '[') return AddList(reader, nesting);
  if (reader->at_number()) return AddNumber(reader);
  if (first == 'n') return SkipUntold(reader);
  reader->Skip();
  return Count(first == '"' ? Kind::kText : Kind::kBool);
}

bool Shape::AddNumber(JsonReader* reader) {
  JsonNumber number;
  reader->ReadNumber(&number);
  fractions_ = fractions_ || !number.AsInt64().has_value();
  return Count(Kind::kNumber);
}

bool Shape::AddList(JsonReader* reader, int nesting) {
  if (nesting >= kMaxNesting) return SkipUntold(reader);
  if (elements_ == nullptr) elements_ = std::make_unique<Shape>();
  bool tells = false;
  for (reader->EnterArray(); reader->NextElement();) tells = elements_->Add(reader, nesting + 1) || tells;
  bare_list_ = bare_list_ || !tells;
  return tells && Count(Kind::kList);
}

bool Shape::AddObject(JsonReader* reader, int nesting) {
  if (nesting >= kMaxNesting) return SkipUntold(reader);
  bool tells = false;
  std::string decoded;
  for (reader->EnterObject(); reader->NextKey();) {
    std::string_view raw;
    reader->ReadKey(&raw);
    const std::string_view name = DecodeString(raw, &decoded);
    auto found = members_.find(name);
    if (found == members_.end()) found = members_.emplace(name, Shape()).first;
    tells = found->second.Add(reader, nesting + 1) || tells;
  }
  return tells && Count(Kind::kObject);
}

bool Shape::Count(Kind kind) {
  ++counts_[static_cast<size_t>(kind)];
  return true;
}

void Shape::Merge(const Shape& other) {
  for (size_t kind = 0; kind < kKindCount; ++kind) counts_[kind] += other.counts_[kind];
  fractions_ = fractions_ || other.fractions_;
  bare_list_ = bare_list_ || other.bare_list_;
  for (const auto& [name, shape] : other.members_) members_[name].Merge(shape);
  if (other.elements_ == nullptr) return;
  if (elements_ == nullptr) elements_ = std::make_unique<Shape>();
  elements_->Merge(*other.elements_);
}

const Shape* Shape::member(std::string_view name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

}  // namespace earthcatalog::item
