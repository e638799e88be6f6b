// One slot for a request: an easy handle, set up once and used again and again, so that a request costs no
// more than its URL.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/open_batches.h"
#include "earthcatalog/fetch/outcome.h"
#include "earthcatalog/fetch/socket_loop.h"

namespace earthcatalog::fetch {

// A row on its way through its attempts.
struct Job {
  OpenBatches::Ticket ticket;
  int failures = 0;
  bool region_corrected = false;
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

  // Starts a request; the body goes into the job's item.
  Status Start(const Job& job, const std::string& url);
  const Job& job() const { return job_; }
  bool active() const { return active_; }

  // True when fewer than kStallBytes came during the last stall_timeout.
  bool Stalled(Clock::time_point now);

  // Ends the request. On failure the item's body is empty again.
  Outcome End(CURLcode result, bool stalled);

  // Of the ended request: its HTTP status, the server's Retry-After, and the region S3 says the bucket is in,
  // or "".
  long status() const { return status_; }
  std::optional<std::chrono::seconds> retry_after() const;
  std::string_view bucket_region() const;

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };

  Transfer(const Options& options, SocketLoop* loop, OpenBatches* batches)
      : options_(options), loop_(loop), batches_(batches) {}

  Status SetUp(std::string_view scheme);
  static size_t OnBody(char* data, size_t, size_t size, void* transfer) noexcept;
  size_t TakeBody(std::string_view data);
  bool BeginBody();
  void ChargeUpTo(int64_t bytes);
  int64_t BytesSoFar() const;

  const Options& options_;
  SocketLoop* const loop_;
  OpenBatches* const batches_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::array<char, CURL_ERROR_SIZE> error_{};

  // Of the current request.
  Job job_;
  bool active_ = false;
  bool body_begun_ = false;
  bool too_large_ = false;
  long status_ = 0;
  int64_t charged_ = 0;
  std::string error_body_;
  Clock::time_point window_begin_;
  int64_t window_bytes_ = 0;
};

}  // namespace earthcatalog::fetch
