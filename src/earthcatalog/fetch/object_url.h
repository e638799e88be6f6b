// From bucket and key to the URL to ask: below an http(s) source or in S3.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// One thread.
class ObjectUrls {
 public:
  // <source>/<bucket>/<key>. Errors: `source` is no http(s) URL with a host, or has a query or a fragment.
  static Result<ObjectUrls> BelowSource(std::string_view source);

  // S3 as the environment describes it: AWS_REGION or AWS_DEFAULT_REGION (us-east-1 without), and
  // AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL for another server, which is asked in path style.
  // Errors: values that are no region or no http(s) URL.
  static Result<ObjectUrls> S3FromEnvironment();

  // S3 below another domain than amazonaws.com: <scheme>://<bucket>.s3.<region>.<domain>/<key>.
  static ObjectUrls S3(std::string scheme, std::string region, std::string domain);

  // Replaces `url`, whose storage is reused, by the row's URL; or says why there is none ("bad_key").
  std::optional<Failure> Make(const inventory::Row& row, std::string* url) const;

  // S3 answers with a redirect and the right region when the bucket is in another one. False when that means
  // nothing here: the URLs have no region, or `region` is none.
  bool LearnRegion(const std::string& bucket, std::string_view region);

  // "http" or "https": what redirects may lead to.
  const std::string& scheme() const { return scheme_; }

 private:
  ObjectUrls() = default;

  const std::string& RegionOf(const std::string& bucket) const;

  std::string scheme_;
  std::string prefix_;  // what comes before the bucket, to a slash; empty for the S3 hosts of a domain
  bool is_s3_ = false;
  std::string region_;
  std::string domain_;
  std::map<std::string, std::string> learned_regions_;  // by bucket
};

}  // namespace earthcatalog::fetch
