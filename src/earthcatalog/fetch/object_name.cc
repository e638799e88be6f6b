#include "earthcatalog/fetch/object_name.h"

#include <algorithm>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/utf8.h"

namespace earthcatalog::fetch {
namespace {

Failure BadKey(std::string_view what, std::string_view name, std::string_view why) {
  return {"bad_key", fmt::format("the {} '{}' {}", what, OneLine(name), why)};
}

Failure NotUtf8(std::string_view what, std::string_view name) {
  return {"not_utf8", fmt::format("the {} '{}' is not UTF-8, as names of objects are", what, OneLine(name))};
}

std::optional<Failure> CheckUtf8(std::string_view bucket, std::string_view key) {
  if (!IsUtf8(bucket)) return NotUtf8("bucket", bucket);
  if (!IsUtf8(key)) return NotUtf8("key", key);
  return std::nullopt;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool HasDotComponent(std::string_view key) {
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view component = key.substr(begin, end - begin);
    if (component == "." || component == "..") return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

std::optional<Failure> CheckForUrl(std::string_view bucket, std::string_view key) {
  if (auto failure = CheckUtf8(bucket, key)) return failure;
  if (bucket.empty()) return BadKey("bucket", bucket, "is empty");
  if (key.empty()) return BadKey("key", key, "is empty");
  if (bucket.find('/') != std::string_view::npos) return BadKey("bucket", bucket, "contains a slash");
  if (HasDotComponent(bucket)) return BadKey("bucket", bucket, "is not a name");
  if (HasDotComponent(key)) return BadKey("key", key, "has a '.' or '..' component");
  return std::nullopt;
}

std::optional<Failure> CheckForDirectory(std::string_view bucket, std::string_view key) {
  if (auto failure = CheckUtf8(bucket, key)) return failure;
  if (key.starts_with('/')) return BadKey("key", key, "is an absolute path");
  if (HasControlCharacter(bucket)) return BadKey("bucket", bucket, "contains a control character");
  if (HasControlCharacter(key)) return BadKey("key", key, "contains a control character");
  return CheckForUrl(bucket, key);
}

std::optional<Failure> CheckS3Bucket(std::string_view bucket) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool valid = bucket.size() >= 3 && bucket.size() <= 63 && alphanumeric(bucket.front()) &&
                     alphanumeric(bucket.back()) &&
                     std::all_of(bucket.begin(), bucket.end(),
                                 [&](char c) { return alphanumeric(c) || c == '.' || c == '-'; }) &&
                     bucket.find("..") == std::string_view::npos;
  if (valid) return std::nullopt;
  return BadKey("bucket", bucket, "is not an S3 bucket name (3-63 lower-case letters, digits, '.' and '-')");
}

}  // namespace earthcatalog::fetch
