// Small text helpers that more than one stage needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog {

// ASCII letters without their case, every other byte as it is.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Everything but RFC 3986 unreserved characters and `/` becomes %XX, as S3's signature and servers expect of
// a path.
std::string PercentEncodePath(std::string_view text);

// %XX decoded and, with `plus_is_space`, `+` as a space (S3 inventories in CSV). A broken escape is kept as
// it is.
std::string PercentDecode(std::string_view text, bool plus_is_space);

// "512MiB", "2GB", "1.5 GiB", "1048576": any case; kB, MB, GB, TB, KiB, MiB, GiB, TiB. Usage errors: other
// text, less than a byte, less than 1 MiB without a unit, as 128 of who means MiB.
Result<int64_t> ParseByteSize(std::string_view text);
// "512.0 MiB"; below 1024 "512 B".
std::string FormatByteSize(int64_t bytes);
// "12,345"
std::string FormatCount(int64_t count);

// 32 lower-case hex digits in the 8-4-4-4-12 form of a random (version 4) UUID. Thread-safe.
std::string NewUuid();

// The text on one line and valid UTF-8: control characters and stray bytes escaped as \n or \x1b. At most
// `max_bytes` long, a cut text ends in "…". For ids, keys and server replies in messages.
std::string OneLine(std::string_view text, size_t max_bytes = 200);

}  // namespace earthcatalog
