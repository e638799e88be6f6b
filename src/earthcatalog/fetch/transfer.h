// One slot for a request: an easy handle, set up once and used again and again, so that a request costs no
// more than its URL.
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/outcome.h"
#include "earthcatalog/fetch/schedule.h"
#include "earthcatalog/fetch/signer.h"
#include "earthcatalog/fetch/socket_loop.h"

namespace earthcatalog::fetch {

struct Request {
  Job job;
  std::string url{};
  std::shared_ptr<const Signature> signature{};  // may be null
  int64_t charged = 0;                           // to the batches already, for the body
  bool in_haste = false;                         // less time: the host is down
  Clock::time_point started{};                   // when it was decided on
  int thread = 0;                                // whose it is; this and the time come back with the answer
};

// What came of a request. Without a failure the job's item has the body, and what is charged for it is its
// size.
struct Answer {
  Job job;
  Outcome outcome;
  long status = 0;
  std::string s3_code{};        // of a refusal, or "",
  std::string bucket_region{};  // and where S3 says that the bucket is
  std::optional<std::chrono::seconds> retry_after{};
  std::shared_ptr<const Signature> signature{};  // of the request
  Clock::time_point started{};
  int thread = 0;
};

// One thread. Not movable: libcurl holds its address.
class Transfer {
 public:
  // `scheme` is what redirects may lead to. `options` and both pointers outlive the transfer.
  static Result<std::unique_ptr<Transfer>> Make(const Options& options, std::string_view scheme,
                                                SocketLoop* loop, OpenBatches* batches);
  // Ends the request under way, if any.
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  static Transfer* Of(CURL* easy);

  // Only when not active. The body goes into the job's item. An error is fatal, and is not the request's.
  Status Start(Request request);
  bool active() const { return active_; }

  // Why it should not go on.
  enum class Late {
    kNo,
    kStalled,  // fewer than kStallBytes came during the last stall_timeout
    kOverdue,  // total_timeout is over
  };
  Late IsLate(Clock::time_point now);

  // Ends the request. On failure the item's body is empty again.
  Answer End(CURLcode result, Late late = Late::kNo);

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };

  struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
  };

  Transfer(const Options& options, SocketLoop* loop, OpenBatches* batches)
      : options_(options), loop_(loop), batches_(batches) {}

  Status SetUp(std::string_view scheme);
  CURLcode SetUrl();
  CURLcode Sign(const Signature* signature);
  static size_t OnBody(char* data, size_t, size_t size, void* transfer) noexcept;
  size_t TakeBody(std::string_view data);
  bool BeginBody();
  void ChargeUpTo(int64_t bytes);
  int64_t BytesSoFar() const;
  std::optional<std::chrono::seconds> RetryAfter() const;
  std::string_view BucketRegion() const;

  const Options& options_;
  SocketLoop* const loop_;
  OpenBatches* const batches_;
  // The URL, parsed, which libcurl is given beside the text: of either alone libcurl 7.88 makes a normalised
  // text by single characters.
  std::unique_ptr<CURLU, UrlDeleter> url_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::array<char, CURL_ERROR_SIZE> error_{};

  // Of the current request, or the last one: the handle is set to its signature.
  Request request_;
  int haste_ = 1;  // what its timeouts are divided by
  Clock::time_point started_;
  bool active_ = false;
  bool body_begun_ = false;
  bool too_large_ = false;
  long status_ = 0;
  std::string error_body_;
  Clock::time_point window_begin_;
  int64_t window_bytes_ = 0;
};

}  // namespace earthcatalog::fetch
