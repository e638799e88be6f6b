#include "earthcatalog/io/s3.h"

#include <arrow/filesystem/s3fs.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/aws_profile.h"
#include "earthcatalog/io/environment.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/io/s3_credentials.h"

namespace earthcatalog::io {
namespace {

// Settings with the environment's where the caller left them open, and what else decides who is asked how.
struct Resolved {
  S3Settings settings;
  std::string bucket;  // only when the region has to be found out by it
  // Whose credentials the environment gives.
  std::string access_key;
  std::string profile;
  std::string role;

  auto Tie() const {
    return std::tie(settings.endpoint, settings.region, settings.access_key, settings.secret_key,
                    settings.session_token, settings.ca_file, settings.anonymous, bucket, access_key, profile,
                    role);
  }
  bool operator<(const Resolved& other) const { return Tie() < other.Tie(); }
};

Status CheckEndpoint(std::string_view endpoint) {
  const size_t separator = endpoint.find("://");
  const std::string_view scheme = endpoint.substr(0, std::min(separator, endpoint.size()));
  const bool has_host = separator != std::string_view::npos && endpoint.size() > separator + 3;
  const bool bare = endpoint.find_first_of("@?#") == std::string_view::npos;
  if (has_host && bare && (scheme == "http" || scheme == "https")) return Status::OK();
  return UsageError(
      "the endpoint of S3 (as given, AWS_ENDPOINT_URL or a profile's endpoint_url) is not a web "
      "address such as https://s3.example.org or http://localhost:9000");
}

Result<Resolved> Resolve(const std::string& bucket, S3Settings settings) {
  const auto fill = [](std::string* value, std::initializer_list<const char*> variables) {
    if (value->empty()) *value = FirstSet(variables);
  };
  fill(&settings.endpoint, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  fill(&settings.region, {"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (settings.ca_file.empty()) settings.ca_file = CertificatesOfEnvironment();
  const AwsProfile profile = AwsProfileOfEnvironment();
  const std::string access_key = FirstSet({"AWS_ACCESS_KEY_ID"});
  const bool asks_profile = settings.access_key.empty() && access_key.empty() && !settings.anonymous;
  if (asks_profile) ARROW_RETURN_NOT_OK(CheckExists(profile));
  if (settings.endpoint.empty()) settings.endpoint = profile.endpoint;
  while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  if (!settings.endpoint.empty()) ARROW_RETURN_NOT_OK(CheckEndpoint(settings.endpoint));
  if (!settings.region.empty() && !IsRegion(settings.region)) {
    return UsageError("AWS_REGION is no region name; one looks like us-west-2");
  }
  Resolved resolved{std::move(settings), {}, access_key, profile.name, FirstSet({"AWS_ROLE_ARN"})};
  if (resolved.settings.region.empty() && resolved.settings.endpoint.empty()) resolved.bucket = bucket;
  return resolved;
}

Result<arrow::fs::S3Options> OptionsOf(const Resolved& resolved) {
  const S3Settings& settings = resolved.settings;
  ARROW_RETURN_NOT_OK(arrow::fs::EnsureS3Initialized());
  arrow::fs::S3Options options;
  if (!settings.anonymous && !settings.access_key.empty()) {
    options.ConfigureAccessKey(settings.access_key, settings.secret_key, settings.session_token);
  } else if (!settings.anonymous && CredentialsMayExist()) {
    options.ConfigureDefaultCredentials();
  } else {
    options.ConfigureAnonymousCredentials();
  }
  options.region = settings.region;
  options.tls_ca_file_path = settings.ca_file;
  options.allow_delayed_open = true;  // a small file is one request instead of a multipart upload's three
  // Who writes waits: Arrow's own threads for it are few, and parts that wait for one would fill the memory.
  options.background_writes = false;
  if (const size_t separator = settings.endpoint.find("://"); separator != std::string::npos) {
    options.scheme = settings.endpoint.substr(0, separator);
    options.endpoint_override = settings.endpoint.substr(separator + 3);
  }
  if (!resolved.bucket.empty()) {
    // When it cannot be found out, the SDK's own choice may still do, and its error says more.
    const Result<std::string> region = arrow::fs::ResolveS3BucketRegion(resolved.bucket);
    if (region.ok()) options.region = *region;
  }
  return options;
}

Result<std::shared_ptr<arrow::fs::FileSystem>> SharedFileSystem(const std::string& bucket,
                                                                const Resolved& resolved) {
  // Weak: a filesystem lives as long as a location that uses it, so nothing of S3 is left at the end of the
  // program.
  static std::mutex mutex;
  static std::map<Resolved, std::weak_ptr<arrow::fs::FileSystem>> filesystems;
  std::lock_guard lock(mutex);
  std::weak_ptr<arrow::fs::FileSystem>& known = filesystems[resolved];
  if (auto fs = known.lock()) return fs;
  const auto make = [&]() -> Result<std::shared_ptr<arrow::fs::FileSystem>> {
    ARROW_ASSIGN_OR_RAISE(const arrow::fs::S3Options options, OptionsOf(resolved));
    return arrow::fs::S3FileSystem::Make(options);
  };
  const auto fs = make();
  if (!fs.ok()) return WithContext(fs.status(), fmt::format("cannot reach s3://{}", OneLine(bucket)));
  known = *fs;
  return fs;
}

}  // namespace

bool IsRegion(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<std::shared_ptr<arrow::fs::FileSystem>> S3FileSystemFor(const std::string& bucket,
                                                               const S3Settings& settings) {
  ARROW_ASSIGN_OR_RAISE(const Resolved resolved, Resolve(bucket, settings));
  return SharedFileSystem(bucket, resolved);
}

std::string CertificatesOfEnvironment() {
  return FirstSet({"AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"});
}

Result<S3Access> S3AccessFor(const std::string& bucket, const S3Settings& settings) {
  ARROW_ASSIGN_OR_RAISE(const Resolved resolved, Resolve(bucket, settings));
  ARROW_ASSIGN_OR_RAISE(const auto fs, SharedFileSystem(bucket, resolved));
  S3Access access;
  access.endpoint = resolved.settings.endpoint;
  access.ca_file = resolved.settings.ca_file;
  // Its provider keeps a role's credentials and renews them in time.
  const auto& s3 = static_cast<const arrow::fs::S3FileSystem&>(*fs);
  access.region = s3.region().empty() ? "us-east-1" : s3.region();
  if (settings.anonymous) return access;
  const arrow::fs::S3Options options = s3.options();
  access.access_key = options.GetAccessKey();
  access.secret_key = options.GetSecretKey();
  access.session_token = options.GetSessionToken();
  return access;
}

void Shutdown() {
  static_cast<void>(arrow::fs::EnsureS3Finalized());
}  // too late to do anything about an error

}  // namespace earthcatalog::io
