#include "earthcatalog/iceberg/json_access.h"

#include <algorithm>
#include <limits>

namespace earthcatalog::iceberg {
namespace {

constexpr int kMaxDepth = 200;

// The deepest nesting of brackets outside strings.
int DepthOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_text = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

Status WrongMember(std::string_view key, std::string_view expected) {
  return CorruptError("`{}` is missing or is not {}", key, expected);
}

}  // namespace

Result<Json> ParseJson(std::string_view text, std::string_view what) {
  if (DepthOf(text) > kMaxDepth) return CorruptError("{} is nested too deeply", what);
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return CorruptError("{} is not valid JSON", what);
  return json;
}

std::string JsonText(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<int64_t> IntegerMember(const Json& object, std::string_view key) {
  const auto value = FindInteger(object, key);
  if (!value) return WrongMember(key, "an integer");
  return *value;
}

Result<int> IdMember(const Json& object, std::string_view key) {
  const auto value = FindInteger(object, key);
  if (!value || *value < 0 || *value > std::numeric_limits<int>::max()) return WrongMember(key, "an id");
  return static_cast<int>(*value);
}

Result<std::string> TextMember(const Json& object, std::string_view key) {
  auto value = FindText(object, key);
  if (!value) return WrongMember(key, "a string");
  return *std::move(value);
}

Result<bool> BoolMember(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_boolean()) return WrongMember(key, "true or false");
  return value->get<bool>();
}

Result<const Json*> ArrayMember(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_array()) return WrongMember(key, "a list");
  return value;
}

Result<const Json*> AnyMember(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr) return CorruptError("`{}` is missing", key);
  return value;
}

std::optional<int64_t> FindInteger(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<int64_t>();
}

std::optional<std::string> FindText(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

}  // namespace earthcatalog::iceberg
