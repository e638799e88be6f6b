// Instants as microseconds since 1970-01-01T00:00:00Z, and their RFC 3339 text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog {

// RFC 3339 date-time with any fraction (digits beyond the microsecond are cut), `Z` or a numeric offset, `T`,
// `t` or a space, and a leap second (23:59:60 UTC, read as the second before). Nothing when the text is not
// one or when the instant is outside the years 0000-9999 UTC. Locale and time zone of the machine do not
// matter.
std::optional<int64_t> ParseRfc3339(std::string_view text);

// What a user may type for --since: a date, or a date-time with or without offset; without one it is UTC.
// Anything else is a usage error.
Result<int64_t> ParseInstant(std::string_view text);

// "2024-05-01T10:11:12Z", with ".123" or ".123456" when the instant has such a fraction. Inverse of
// ParseRfc3339 for the years 0000-9999; outside them the year has as many digits as it needs.
std::string FormatRfc3339(int64_t micros);

// The proleptic Gregorian year of the instant.
int YearOf(int64_t micros);

int64_t NowMicros();

}  // namespace earthcatalog
