// Which requests to S3 are signed, and with what: credentials that may expire, and buckets of other people
// that refuse them.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "earthcatalog/fetch/socket_loop.h"
#include "earthcatalog/io/s3.h"

namespace earthcatalog::fetch {

// What libcurl needs to sign a request to one region. Made once for many requests.
struct Signature {
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  std::string provider;  // "aws:amz:us-west-2:s3"
  std::string access_key;
  std::string secret_key;
  std::unique_ptr<curl_slist, ListDeleter> headers;  // which are signed too
};

// One thread.
class Signer {
 public:
  using AskAccess = std::function<Result<io::S3Access>()>;

  // Signs nothing, ever.
  Signer() = default;
  // Signs while `access` has credentials. `ask` gives those of a later time: asked every few minutes, since a
  // role's expire. When it fails, the old ones go on.
  Signer(io::S3Access access, AskAccess ask);

  // What to sign with; null: nothing. The same object until the credentials change.
  std::shared_ptr<const Signature> For(const std::string& bucket, const std::string& region);

  // What the server said of a request, whether or not that was signed.
  void Learn(const std::string& bucket, bool was_signed, long status);

  // A bucket that is open to all may refuse the credentials of a stranger. True when a refused signed request
  // is worth another one without a signature: nothing signed has worked in this bucket yet. Once an unsigned
  // one has, For() gives null for the bucket.
  bool MayTryUnsigned(const std::string& bucket) const;

  // The server said that `used` has expired. True when there are newer credentials now.
  bool Renew(const Signature* used);

 private:
  enum class Works { kUnknown, kSigned, kUnsigned };

  void Ask();

  io::S3Access access_;
  AskAccess ask_;
  Clock::time_point asked_;
  Clock::time_point renewed_{};
  std::map<std::string, std::shared_ptr<const Signature>> by_region_;
  std::map<std::string, Works> by_bucket_;
};

}  // namespace earthcatalog::fetch
