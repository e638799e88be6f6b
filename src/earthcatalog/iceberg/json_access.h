// Reading JSON documents written by others, with errors instead of exceptions.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

using Json = nlohmann::ordered_json;

// kCorrupt, naming `what`, when the text is no JSON or nests deeper than any document of this format does
// (the library's copying and printing recurse).
Result<Json> ParseJson(std::string_view text, std::string_view what);

// Compact text; never throws (invalid UTF-8 is replaced).
std::string JsonText(const Json& json);

// A member of an object; kCorrupt naming the key when it is missing, or not of the type asked for.
Result<int64_t> IntegerMember(const Json& object, std::string_view key);
// Within 0 … 2^31 - 1, as ids are.
Result<int> IdMember(const Json& object, std::string_view key);
Result<std::string> TextMember(const Json& object, std::string_view key);
Result<bool> BoolMember(const Json& object, std::string_view key);
Result<const Json*> ArrayMember(const Json& object, std::string_view key);
Result<const Json*> AnyMember(const Json& object, std::string_view key);

// Nothing when the member is missing, null or of another type.
std::optional<int64_t> FindInteger(const Json& object, std::string_view key);
std::optional<std::string> FindText(const Json& object, std::string_view key);

}  // namespace earthcatalog::iceberg
