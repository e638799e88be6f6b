#include "earthcatalog/item/key_index.h"

#include <utility>

namespace earthcatalog::item {
namespace {

// Whether a name may be compared with undecoded text: what looks like an escape in it would be mistaken for
// one.
bool IsPlain(std::string_view name) { return name.find_first_of("\\\"") == std::string_view::npos; }

}  // namespace

KeyIndex::KeyIndex(std::vector<std::string> names) : names_(std::move(names)) {
  next_.assign(names_.size() + 1, kUnknown);
  for (size_t i = 0; i < names_.size(); ++i) {
    places_.emplace(names_[i], static_cast<int>(i));
    if (IsPlain(names_[i])) next_[i] = static_cast<int>(i);
  }
}

int KeyIndex::LookUp(JsonReader* reader, int previous, std::string_view* raw) {
  if (!reader->ReadKey(raw)) return kUnknown;
  const std::string_view name = DecodeString(*raw, &decoded_);
  const auto found = places_.find(name);
  if (found == places_.end()) return kUnknown;
  if (IsPlain(name)) next_[static_cast<size_t>(previous + 1)] = found->second;
  return found->second;
}

}  // namespace earthcatalog::item
