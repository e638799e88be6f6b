// Where an object of S3 is asked for: from bucket, region and key to its URL.
#pragma once

#include <string>
#include <string_view>

namespace earthcatalog::io {

// Whose servers have the buckets. Copies are cheap enough for each client to hold one.
struct S3Address {
  std::string endpoint = {};  // scheme://host[:port][/path] without a slash at its end; asked in path style
  std::string scheme = "https";  // this and the domain only count without an endpoint
  std::string domain = {};       // <bucket>.s3.<region>.<domain>; empty: AWS's own for the region

  // Whether each bucket has a host of its own, which its region is a part of.
  bool hosts_differ() const { return endpoint.empty(); }
};

// Replaces `url`, whose storage is reused, by the URL of the object:
// <scheme>://<bucket>.s3.<region>.<domain>/<key>, or <endpoint>/<bucket>/<key>. A bucket that cannot be the
// one label of a host name before the domain (one with dots, for example, which no wildcard certificate
// covers) goes into the path there, too. Bucket and key are data: whatever they hold, it is percent-encoded
// and the URL leads to no other host. What "." and ".." components are taken for is the caller's to see to.
void MakeS3Url(const S3Address& address, std::string_view region, std::string_view bucket,
               std::string_view key, std::string* url);

}  // namespace earthcatalog::io
