// Single requests for S3 objects, for what Arrow's filesystem does not offer: conditions, deleting one object
// and nothing else, and writing a small one without megabytes of buffers.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/io/location.h"
#include "earthcatalog/io/s3_error.h"

namespace earthcatalog::io {

struct S3RetryPolicy {
  int attempts = 6;
  std::chrono::milliseconds first_backoff{
      100};  // doubles, up to max_backoff; the wait is a random part of it
  std::chrono::milliseconds max_backoff{5000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall_timeout{30};  // without a byte
};

struct S3Request {
  std::string method;                     // GET, HEAD, PUT, DELETE
  std::vector<std::string> headers = {};  // "If-Match: …"
  std::string_view body = {};             // of a PUT; outlives the request
  bool repeatable = true;  // nothing is wrong with carrying it out twice, as libcurl, too, may have it done
};

// What came of one request.
struct S3Reply {
  int status = 0;       // of HTTP; 0: no whole answer came
  bool sent = true;     // the server may have carried it out
  std::string etag;     // with its quotes
  std::string body;     // up to a size that no catalog or lock has
  std::string problem;  // in words, where there is one: S3's error code, or what failed on the way

  bool ok() const { return status / 100 == 2; }
  // A later attempt may do better.
  bool retryable() const { return status == 0 || MayPass(status); }
};

// Sends one request, signed with the location's credentials (unsigned without any), as of now. An error is
// one before sending: the settings make no sense, or libcurl cannot be set up. Nothing of a credential is in
// any text.
Result<S3Reply> SendOnce(const Location& object, const S3Request& request, const S3RetryPolicy& policy);

// Sends it again while that may help.
Result<S3Reply> SendWithRetries(const Location& object, const S3Request& request,
                                const S3RetryPolicy& policy);

// Before the next attempt; `failures` so far, at least 1.
void WaitBeforeRetry(const S3RetryPolicy& policy, int failures);

// "cannot read s3://bucket/key: AccessDenied (HTTP status 403), asked without credentials"
Status ExplainReply(const S3Reply& reply, std::string_view action, const Location& object);

}  // namespace earthcatalog::io
