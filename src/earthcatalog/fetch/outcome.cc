#include "earthcatalog/fetch/outcome.h"

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/s3_error.h"

namespace earthcatalog::fetch {
namespace {

Outcome Transient(std::string kind, std::string message) {
  return {Failure{std::move(kind), std::move(message)}, true};
}
Outcome Final(std::string kind, std::string message) {
  return {Failure{std::move(kind), std::move(message)}, false};
}

Outcome JudgeStatus(long status, std::string_view body) {
  std::string message = fmt::format("the server answered HTTP {}", status);
  // S3 says in its XML what a status alone does not: NoSuchKey or NoSuchBucket, SlowDown or InternalError.
  if (const std::string_view code = io::S3ErrorCode(body); !code.empty())
    message += fmt::format(" ({})", code);
  if (status == 404 || status == 410) return Final("not_found", std::move(message));
  if (status >= 300 && status < 400) message += ": a redirect without a target that may be followed";
  return {.failure = Failure{fmt::format("http_{}", status), std::move(message)},
          .transient = io::MayPass(status),
          .busy = (status >= 502 && status <= 504) || status == 429};
}

Outcome JudgeError(const Response& response) {
  std::string detail = OneLine(response.detail);
  switch (response.result) {
    case CURLE_OPERATION_TIMEDOUT:
      return Transient("timeout", std::move(detail));
    case CURLE_PARTIAL_FILE:
      return Transient("truncated", "the body ended early: " + detail);
    case CURLE_SSL_CACERT_BADFILE:
      return Final("tls", "the file of trusted certificates cannot be read: " + detail);
    case CURLE_PEER_FAILED_VERIFICATION:
      return Final("tls", "the server's certificate is not accepted: " + detail);
    case CURLE_TOO_MANY_REDIRECTS:
      return Final("redirect", "the server redirects again and again");
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Final("redirect",
                   "the server redirects to another protocol: give the address it leads to as the source");
    case CURLE_BAD_CONTENT_ENCODING:
      return Final("bad_encoding", "the body's compression is unknown or broken: " + detail);
    case CURLE_URL_MALFORMAT:
      return Final("bad_key", "bucket and key make no valid URL: " + detail);
    default:
      return Transient("connection", std::move(detail));
  }
}

}  // namespace

Failure TooLarge(int64_t max_bytes) {
  return {"too_large", fmt::format("the object is larger than the {} that this run's memory limit allows",
                                   FormatByteSize(max_bytes))};
}

Outcome Judge(const Response& response) {
  if (response.too_large > 0) return {TooLarge(response.too_large), false};
  if (response.stalled || response.overdue) {
    Outcome outcome =
        Transient("timeout", response.overdue ? "the answer took too long"
                                              : "the server stopped sending, or sent too slowly");
    outcome.answered = response.status != 0;
    return outcome;
  }
  // The write callback refuses what it does not need of an error's body; the status is what counts then.
  const bool ended_well = response.result == CURLE_OK || response.result == CURLE_WRITE_ERROR;
  if (ended_well && response.status != 200) return JudgeStatus(response.status, response.error_body);
  if (response.result == CURLE_OK) return {};
  Outcome outcome = JudgeError(response);
  outcome.answered = response.status != 0 || !outcome.transient;
  return outcome;
}

}  // namespace earthcatalog::fetch
