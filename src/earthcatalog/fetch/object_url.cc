#include "earthcatalog/fetch/object_url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "earthcatalog/fetch/object_name.h"

namespace earthcatalog::fetch {
namespace {

constexpr size_t kMaxLearnedRegions = 10'000;

std::string_view SchemeOf(std::string_view url) { return url.substr(0, url.find("://")); }

// The URL without slashes at its end. The error repeats no part of the URL: it may hold a password.
Result<std::string> AsEndpoint(std::string_view url) {
  const std::string_view scheme = SchemeOf(url);
  if (scheme != "http" && scheme != "https") {
    return UsageError("the source must be an http:// or https:// URL");
  }
  if (url.find_first_of("?#") != std::string_view::npos) {
    return UsageError("the source must not have a query or a fragment: bucket and key are appended to it");
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  const std::string prefix = std::string(url) + '/';
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, prefix.c_str(), 0);
  if (code != CURLUE_OK) return UsageError("the source is not a usable URL: {}", curl_url_strerror(code));
  return std::string(url);
}

}  // namespace

Result<ObjectUrls> ObjectUrls::BelowSource(std::string_view source) {
  ObjectUrls urls;
  ARROW_ASSIGN_OR_RAISE(urls.address_.endpoint, AsEndpoint(source));
  urls.address_.scheme = SchemeOf(source);
  return urls;
}

ObjectUrls ObjectUrls::S3(std::string scheme, std::string region, std::string domain) {
  ObjectUrls urls;
  urls.is_s3_ = true;
  urls.region_ = std::move(region);
  urls.address_ = {.scheme = std::move(scheme), .domain = std::move(domain)};
  return urls;
}

ObjectUrls ObjectUrls::S3(const io::S3Access& access) {
  ObjectUrls urls = S3("https", access.region, /*domain=*/{});
  urls.address_.endpoint = access.endpoint;
  if (!access.endpoint.empty()) urls.address_.scheme = SchemeOf(access.endpoint);
  return urls;
}

std::optional<Failure> ObjectUrls::Make(const inventory::Row& row, std::string* url) const {
  if (auto failure = CheckForUrl(row.bucket, row.key)) return failure;
  if (is_s3_) {
    if (auto failure = CheckS3Bucket(row.bucket)) return failure;
  }
  io::MakeS3Url(address_, RegionOf(row.bucket), row.bucket, row.key, url);
  return std::nullopt;
}

bool ObjectUrls::LearnRegion(const std::string& bucket, std::string_view region) {
  if (!hosts_differ() || !io::IsRegion(region)) return false;
  if (learned_regions_.size() >= kMaxLearnedRegions) learned_regions_.clear();
  learned_regions_[bucket] = region;
  return true;
}

const std::string& ObjectUrls::RegionOf(const std::string& bucket) const {
  const auto found = learned_regions_.find(bucket);
  return found == learned_regions_.end() ? region_ : found->second;
}

}  // namespace earthcatalog::fetch
