// How S3 is reached: the one place that reads AWS's settings.
#pragma once

#include <arrow/filesystem/filesystem.h>

#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::io {

// What a caller says of an S3 service. What is empty comes from the environment, as AWS's own tools read it:
// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile's endpoint_url, AWS_REGION or AWS_DEFAULT_REGION,
// AWS_CA_BUNDLE, and the usual chain of credentials (variables, profile files, web identity, container and
// instance roles).
struct S3Settings {
  std::string endpoint = {};  // http(s)://host[:port]; asked in path style
  std::string region = {};
  std::string access_key = {};  // with secret_key
  std::string secret_key = {};
  std::string session_token = {};
  std::string ca_file = {};
  bool anonymous = false;  // no credentials at all

  bool operator==(const S3Settings&) const = default;
};

// What a request of one's own to a bucket needs, as of now: a role's credentials expire, so ask again every
// few minutes.
struct S3Access {
  std::string endpoint;    // scheme://host[:port] without a slash; empty: AWS's own for the region
  std::string region;      // "us-east-1" when nobody says
  std::string access_key;  // empty: there are no credentials, the request goes out unsigned
  std::string secret_key;
  std::string session_token;
  std::string ca_file;  // empty: the system's
};

// Whether the text may be the name of a region.
bool IsRegion(std::string_view text);

// The filesystem that reaches `bucket`. Without a region anywhere the bucket's own is asked for. Shared with
// everybody who holds one with the same settings. Thread-safe.
Result<std::shared_ptr<arrow::fs::FileSystem>> S3FileSystemFor(const std::string& bucket,
                                                               const S3Settings& settings = {});

// The file of trusted certificates that the environment names, or "".
std::string CertificatesOfEnvironment();

// May ask a metadata service for the credentials of a role. Thread-safe. An endpoint, a region or a profile
// that is none is a usage error.
Result<S3Access> S3AccessFor(const std::string& bucket, const S3Settings& settings = {});

}  // namespace earthcatalog::io
