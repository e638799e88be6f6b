// What a finished request means for its row.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// What is known of a request when it has ended.
struct Response {
  CURLcode result = CURLE_OK;
  long status = 0;                // 0 before a status line came
  int64_t too_large = 0;          // the limit, when the body was refused for its size
  bool stalled = false;           // ended here, since nothing came any more
  bool overdue = false;           // ended here, since it took too long
  std::string_view error_body{};  // the beginning of the body when `status` is not 200
  std::string_view detail{};      // libcurl's words on `result`
};

struct Outcome {
  std::optional<Failure> failure;  // nothing: the body is there
  bool transient = false;          // worth another attempt
  bool answered = true;            // by a server, whatever it said
  bool busy = false;               // too many requests, or nobody behind the gateway: 429, 502-504
};

// The failure of an object with more than `max_bytes`.
Failure TooLarge(int64_t max_bytes);

// 200 is success. 5xx, 408, 429, timeouts, broken connections and short bodies are transient; 404 and 410 are
// "not_found", other statuses "http_<status>".
Outcome Judge(const Response& response);

}  // namespace earthcatalog::fetch
