#include "earthcatalog/io/s3_address.h"

#include <algorithm>

#include "earthcatalog/base/text.h"

namespace earthcatalog::io {
namespace {

// China's regions are a partition of their own.
std::string_view DomainOf(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

bool IsHostLabel(std::string_view bucket) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !bucket.empty() && bucket.size() <= 63 && alphanumeric(bucket.front()) &&
         alphanumeric(bucket.back()) &&
         std::all_of(bucket.begin(), bucket.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

}  // namespace

void MakeS3Url(const S3Address& address, std::string_view region, std::string_view bucket,
               std::string_view key, std::string* url) {
  const bool in_host = address.hosts_differ() && IsHostLabel(bucket);
  url->clear();
  if (address.hosts_differ()) {
    url->append(address.scheme).append("://");
    if (in_host) url->append(bucket).append(".");
    url->append("s3.").append(region).append(".");
    url->append(address.domain.empty() ? DomainOf(region) : address.domain).append("/");
  } else {
    url->append(address.endpoint).append("/");
  }
  if (!in_host) url->append(PercentEncodePath(bucket)).append("/");
  url->append(PercentEncodePath(key));
}

}  // namespace earthcatalog::io
