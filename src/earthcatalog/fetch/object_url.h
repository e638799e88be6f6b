// From bucket and key to the URL to ask: below an http(s) source or in S3.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/io/s3.h"
#include "earthcatalog/io/s3_address.h"

namespace earthcatalog::fetch {

// One thread.
class ObjectUrls {
 public:
  // <source>/<bucket>/<key>. Errors: `source` is no http(s) URL with a host, or has a query or a fragment.
  static Result<ObjectUrls> BelowSource(std::string_view source);

  // S3 as `access` says: AWS's own hosts for the region, or an endpoint, which is asked in path style.
  static ObjectUrls S3(const io::S3Access& access);

  // S3 below another domain than AWS's: <scheme>://<bucket>.s3.<region>.<domain>/<key>.
  static ObjectUrls S3(std::string scheme, std::string region, std::string domain);

  // Replaces `url`, whose storage is reused, by the row's URL; or says why there is none ("bad_key").
  std::optional<Failure> Make(const inventory::Row& row, std::string* url) const;

  // S3 refuses a request and names the right region when the bucket is in another one. False when that means
  // nothing here: the URLs have no region, or `region` is none.
  bool LearnRegion(const std::string& bucket, std::string_view region);

  // Where the bucket is, as far as is known; "" below a source.
  const std::string& RegionOf(const std::string& bucket) const;

  // Whether each bucket has a host of its own.
  bool hosts_differ() const { return address_.hosts_differ(); }

  // "http" or "https": what redirects may lead to.
  const std::string& scheme() const { return address_.scheme; }

 private:
  ObjectUrls() = default;

  io::S3Address address_;  // a source is asked like an endpoint; its scheme stands here, too
  bool is_s3_ = false;
  std::string region_;
  std::map<std::string, std::string> learned_regions_;  // by bucket
};

}  // namespace earthcatalog::fetch
