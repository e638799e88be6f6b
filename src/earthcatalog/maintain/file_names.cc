#include "earthcatalog/maintain/file_names.h"

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::maintain {
namespace {

constexpr std::string_view kMetadataSuffix = ".metadata.json";

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsHex(std::string_view text, size_t length) {
  return text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsUuid(std::string_view text) {
  return text.size() == 36 && IsHex(text.substr(0, 8), 8) && text[8] == '-' && IsHex(text.substr(9, 4), 4) &&
         text[13] == '-' && IsHex(text.substr(14, 4), 4) && text[18] == '-' && IsHex(text.substr(19, 4), 4) &&
         text[23] == '-' && IsHex(text.substr(24), 12);
}

// Takes the text off the front, or says that it is not there.
bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}
bool TakeSuffix(std::string_view* text, std::string_view suffix) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

// The last `uuid` of the text, which it is taken off with the `separator` before it.
bool TakeUuid(std::string_view* text, char separator) {
  if (text->size() < 37 || !IsUuid(text->substr(text->size() - 36))) return false;
  text->remove_suffix(36);
  return TakeSuffix(text, std::string_view(&separator, 1));
}

}  // namespace

bool IsTemporaryName(std::string_view name) {
  for (const std::string_view prefix : {".tmp-", ".write-check-", ".lock."}) {
    if (TakePrefix(&name, prefix)) return IsUuid(name);
  }
  return false;
}

bool IsDataFileName(std::string_view name) {
  const auto parsed = rows::ParseDataFileName(name);
  return parsed && !parsed->token.empty();
}

bool IsMetadataName(std::string_view name) {
  if (TakeSuffix(&name, kMetadataSuffix)) return TakeUuid(&name, '-') && IsNumber(name);
  if (!TakeSuffix(&name, ".avro")) return false;
  if (TakePrefix(&name, "snap-")) {
    const size_t dash = name.find('-');
    return TakeUuid(&name, '-') && dash < name.size() && IsNumber(name.substr(0, dash)) &&
           IsNumber(name.substr(dash + 1));
  }
  const size_t number = name.rfind("-m");
  return number != std::string_view::npos && IsUuid(name.substr(0, number)) &&
         IsNumber(name.substr(number + 2));
}

std::optional<int64_t> PublishedVersion(std::string_view name) {
  if (!TakePrefix(&name, "v") || !TakeSuffix(&name, kMetadataSuffix) || !IsNumber(name)) return std::nullopt;
  return ParseInteger(name);
}

}  // namespace earthcatalog::maintain
