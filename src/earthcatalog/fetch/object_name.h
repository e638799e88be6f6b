// A row's bucket and key are data from outside: what they may look like before they become a path or a URL.
#pragma once

#include <optional>
#include <string_view>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// Each gives the "bad_key" failure to record for the row, "not_utf8" for one of those, or nothing when the
// name may be used.

// Below a directory: both stay below it. No empty name, "." or ".." component, absolute key or control
// character; a bucket is one component.
std::optional<Failure> CheckForDirectory(std::string_view bucket, std::string_view key);

// In a URL, where the rest is percent-encoded: no empty name, and no "." or ".." component, since clients,
// proxies and servers resolve those, escaped or not. A bucket is one component.
std::optional<Failure> CheckForUrl(std::string_view bucket, std::string_view key);

// The bucket becomes a host name: 3-63 of a-z, 0-9, '.', '-', as S3 demands, no empty label.
std::optional<Failure> CheckS3Bucket(std::string_view bucket);

}  // namespace earthcatalog::fetch
