#include "earthcatalog/io/s3.h"

#include <arrow/filesystem/s3fs.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <tuple>

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::io {
namespace {

std::string FromEnvironment(const char* first, const char* second) {
  for (const char* name : {first, second}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

struct Settings {
  std::string bucket;  // only when the region has to be found out by it
  std::string region;
  std::string endpoint;
  std::string access_key;
  std::string profile;
  bool anonymous;

  auto Tie() const { return std::tie(bucket, region, endpoint, access_key, profile, anonymous); }
  bool operator<(const Settings& other) const { return Tie() < other.Tie(); }
};

Settings CurrentSettings(const std::string& bucket, bool anonymous) {
  Settings settings;
  settings.region = FromEnvironment("AWS_REGION", "AWS_DEFAULT_REGION");
  settings.endpoint = FromEnvironment("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  settings.access_key = FromEnvironment("AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN");
  settings.profile = FromEnvironment("AWS_PROFILE", "AWS_DEFAULT_PROFILE");
  settings.anonymous = anonymous;
  if (settings.region.empty() && settings.endpoint.empty()) settings.bucket = bucket;
  return settings;
}

// "http://host:port/" becomes scheme and "host:port".
Status SetEndpoint(std::string_view endpoint, arrow::fs::S3Options* options) {
  const size_t separator = endpoint.find("://");
  if (separator != std::string_view::npos) {
    options->scheme = endpoint.substr(0, separator);
    endpoint.remove_prefix(separator + 3);
  }
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  if (endpoint.empty() || (options->scheme != "http" && options->scheme != "https")) {
    return UsageError(
        "AWS_ENDPOINT_URL is not a web address such as https://s3.example.org or http://localhost:9000");
  }
  options->endpoint_override = endpoint;
  return Status::OK();
}

Result<std::shared_ptr<arrow::fs::FileSystem>> Make(const Settings& settings) {
  ARROW_RETURN_NOT_OK(arrow::fs::EnsureS3Initialized());
  arrow::fs::S3Options options =
      settings.anonymous ? arrow::fs::S3Options::Anonymous() : arrow::fs::S3Options::Defaults();
  options.region = settings.region;
  options.allow_delayed_open = true;  // a small file is one request instead of a multipart upload's three
  if (!settings.endpoint.empty()) ARROW_RETURN_NOT_OK(SetEndpoint(settings.endpoint, &options));
  if (!settings.bucket.empty()) {
    // When it cannot be found out, the SDK's own choice may still do, and its error says more.
    const Result<std::string> region = arrow::fs::ResolveS3BucketRegion(settings.bucket);
    if (region.ok()) options.region = *region;
  }
  return arrow::fs::S3FileSystem::Make(options);
}

}  // namespace

Result<std::shared_ptr<arrow::fs::FileSystem>> S3FileSystemFor(const std::string& bucket, bool anonymous) {
  // Weak: a filesystem lives as long as a location that uses it, so nothing of S3 is left at the end of the
  // program.
  static std::mutex mutex;
  static std::map<Settings, std::weak_ptr<arrow::fs::FileSystem>> filesystems;
  const Settings settings = CurrentSettings(bucket, anonymous);
  std::lock_guard lock(mutex);
  std::weak_ptr<arrow::fs::FileSystem>& known = filesystems[settings];
  if (auto fs = known.lock()) return fs;
  const auto fs = Make(settings);
  if (!fs.ok()) return WithContext(fs.status(), fmt::format("cannot reach s3://{}", OneLine(bucket)));
  known = *fs;
  return fs;
}

void Shutdown() {
  static_cast<void>(arrow::fs::EnsureS3Finalized());
}  // too late to do anything about an error

}  // namespace earthcatalog::io
