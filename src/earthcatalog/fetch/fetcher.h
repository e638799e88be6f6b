// Getting the items' bodies: many small objects, many requests in flight.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/queue.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::fetch {

// Why a row did not become an item; the names appear in reports and in the quarantine.
struct Failure {
  // Of this stage: "not_found", "http_<status>", "timeout", "connection", "truncated", "too_large",
  // "bad_key", "not_utf8", "redirect", "tls", "bad_encoding"; below a directory also "unreadable" and
  // "not_a_file". Later stages have more.
  std::string kind;
  std::string message;  // one line for the user, no credentials
};

struct Item {
  inventory::Row row;
  std::string body;                // the object's bytes
  std::optional<Failure> failure;  // when set, `body` is empty
};

// An inventory batch, or a slice of it where its bodies are too many bytes to be held at once: consecutive
// rows, as few as have Options::slice_bytes, so that where slices end depends on the data alone.
struct Batch {
  uint64_t sequence = 0;    // the inventory batch's
  uint32_t slice = 0;       // of it: 0, 1, ...
  bool last = true;         // of its slices
  std::vector<Item> items;  // in the order of its rows
  // Whoever has the items keeps this: their bytes count as buffered until it is gone.
  std::shared_ptr<void> held{};
};

struct RetryPolicy {
  int attempts = 5;
  std::chrono::milliseconds first_backoff{200};  // doubles each time, with full jitter
  std::chrono::milliseconds max_backoff{20'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{30'000};   // less than 1 KiB in so long, headers included
  std::chrono::milliseconds total_timeout{600'000};  // for one attempt
};

struct Options {
  std::string source;  // empty: s3://<bucket>/<key>; a directory or an http(s) URL: <source>/<bucket>/<key>
  int max_in_flight = 64;
  int threads = 2;  // that carry requests out over HTTP; at most 8 are used
  // Bodies fetched or being fetched and not yet released (Batch::held), in bytes. Above it a row is only
  // asked for, at first or again, when it is the very next: the first that is not fetched, and all before it
  // have been released. So whoever takes the slices in their order always gets the next one.
  int64_t max_buffered_bytes = 64 << 20;
  // A slice of a batch ends with the row whose body makes it so many bytes.
  int64_t slice_bytes = 64 << 20;
  int64_t max_body_bytes = 64 << 20;  // larger objects are quarantined
  RetryPolicy retry;
};

// One thread of its own calls Run(). Takes inventory batches, pushes each slice of a fetched batch when its
// last row is done: batches come out in any order, the slices of one in theirs. A row that cannot be fetched
// never fails the run; its item has the failure. 404, 403 and other 4xx fail at once; 5xx, 408, 429,
// timeouts, broken connections and short bodies are tried again, after a pause in which other rows go on. A
// row's bucket and key are data: those that would lead elsewhere (".." components, below a directory also
// absolute keys and symbolic links out of it) fail as "bad_key", and those that are not UTF-8 as "not_utf8".
//
// Retries are limited for the run: when they are used up a row has one attempt.
//
// A server that cannot be reached, or is overloaded for good, is no failure of the rows: Run() ends with an
// error when nothing has gone well for some rounds of attempts with growing pauses, about two minutes, or
// seconds when the server has never said anything. Only few rows fail meanwhile. Run() also ends with an
// error when whoever asks is refused: where the credentials are wrong, and when of a thousand rows none came;
// and where a directory has none of the first batch's buckets.
class Fetcher {
 public:
  virtual ~Fetcher() = default;

  // Returns when `in` is drained (then closes `out`) or the run is stopped, within milliseconds also in the
  // middle of transfers. Watches both queues.
  virtual Status Run(BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out, CancelSource* cancel) = 0;

  // Before Run(): earlier runs got rows of this inventory, so refusals are the rows' own, however many, and a
  // bucket may be gone.
  virtual void ExpectRefusals() {}

  // Options::max_in_flight, or less when the system allows no more.
  virtual int max_in_flight() const = 0;

  // Bodies' bytes received and requests retried so far; any thread.
  virtual uint64_t bytes_fetched() const = 0;
  virtual uint64_t retries() const = 0;
};

// Certificates of https servers are checked, against the environment's file where it names one. S3 is reached
// as io/s3.h says; requests are signed where there are credentials, and a bucket that refuses them but is
// open to all is asked without. A source is never signed. Looking for credentials takes 300 ms at most where
// there are none. Proxies come from the environment as libcurl reads it.
//
// Requests need file descriptors: the process's soft limit is raised where it is too low for them.
//
// Errors: a source that is neither an existing directory nor an http(s) URL without query; settings of AWS
// that are none; too few file descriptors for a single request.
Result<std::unique_ptr<Fetcher>> MakeFetcher(const Options& options);

}  // namespace earthcatalog::fetch
