#include "earthcatalog/io/s3_request.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "earthcatalog/base/backoff.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/io/s3_address.h"
#include "earthcatalog/io/s3_error.h"

namespace earthcatalog::io {
namespace {

constexpr size_t kMaxBody = 1 << 30;
constexpr size_t kMaxErrorBody = 64 << 10;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

// One per thread, so that its connections are used again.
CURL* ThreadsHandle() {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  thread_local const CurlHandle handle(initialized == CURLE_OK ? curl_easy_init() : nullptr);
  if (handle != nullptr) curl_easy_reset(handle.get());
  return handle.get();
}

std::string ProblemOf(const S3Reply& reply) {
  const std::string_view code = S3ErrorCode(reply.body);
  return fmt::format("{}{}HTTP status {}{}", code, code.empty() ? "" : " (", reply.status,
                     code.empty() ? "" : ")");
}

std::string UrlOf(const Location& object, const S3Access& access) {
  const std::string_view path = object.path;
  const size_t slash = std::min(path.find('/'), path.size());
  std::string url;
  MakeS3Url({.endpoint = access.endpoint}, access.region, path.substr(0, slash),
            path.substr(std::min(slash + 1, path.size())), &url);
  return url;
}

struct Upload {
  std::string_view rest;
};

size_t ReadBody(char* buffer, size_t size, size_t count, void* user) {
  auto* upload = static_cast<Upload*>(user);
  const size_t taken = std::min(size * count, upload->rest.size());
  std::memcpy(buffer, upload->rest.data(), taken);
  upload->rest.remove_prefix(taken);
  return taken;
}

size_t WriteBody(char* bytes, size_t, size_t count, void* user) noexcept {
  auto* body = static_cast<std::string*>(user);
  if (body->size() + count > kMaxBody) return 0;
  try {
    body->append(bytes, count);
  } catch (const std::exception&) {
    return 0;
  }
  return count;
}

// libcurl's default, or null where there is no such file.
const char* DefaultCertificates() {
  const char* file = curl_version_info(CURLVERSION_NOW)->cainfo;
  return file != nullptr && access(file, R_OK) == 0 ? file : nullptr;
}

// Lower-case hex. A server that checks it keeps no part of a body whose end got lost: some would.
std::string Sha256Of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    return "UNSIGNED-PAYLOAD";
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

CurlList HeadersOf(const S3Request& request, const S3Access& access) {
  CurlList list;
  const auto add = [&](const std::string& header) {
    curl_slist* longer = curl_slist_append(list.get(), header.c_str());
    if (longer != nullptr) static_cast<void>(list.release()), list.reset(longer);
  };
  for (const std::string& header : request.headers) add(header);
  add("Expect:");  // none: the server's leave to send a body would be another round trip
  if (access.access_key.empty()) return list;
  add("x-amz-content-sha256: " + (request.method == "PUT" ? Sha256Of(request.body) : "UNSIGNED-PAYLOAD"));
  if (!access.session_token.empty()) add("x-amz-security-token: " + access.session_token);
  return list;
}

// Sets up `curl`; all pointers outlive the request.
CURLcode Configure(CURL* curl, const S3Request& request, const S3Access& access, const S3RetryPolicy& policy,
                   Upload* upload) {
  CURLcode code = CURLE_OK;
  const auto set = [&](auto option, auto value) {
    if (code == CURLE_OK) code = curl_easy_setopt(curl, option, value);
  };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "earthcatalog");
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(policy.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(policy.stall_timeout.count()));
  const char* certificates = access.ca_file.empty() ? DefaultCertificates() : access.ca_file.c_str();
  if (certificates != nullptr) set(CURLOPT_CAINFO, certificates);
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (request.method == "DELETE") set(CURLOPT_CUSTOMREQUEST, "DELETE");
  if (request.method == "PUT") {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_READFUNCTION, &ReadBody);
    set(CURLOPT_READDATA, upload);
  }
  // On a connection that had died libcurl sends a request once more.
  if (!request.repeatable) set(CURLOPT_FRESH_CONNECT, 1L);
  if (!access.access_key.empty()) {
    const std::string scheme = fmt::format("aws:amz:{}:s3", access.region);
    set(CURLOPT_AWS_SIGV4, scheme.c_str());
    set(CURLOPT_USERNAME, access.access_key.c_str());
    set(CURLOPT_PASSWORD, access.secret_key.c_str());
  }
  return code;
}

// What a refusal may be about; an answer to HEAD says nothing else.
std::string HowAsked(int status, const S3Access& access) {
  if (status != 400 && status != 401 && status != 403) return {};
  return access.access_key.empty() ? ", asked without credentials"
                                   : fmt::format(", asked with credentials for region {}", access.region);
}

}  // namespace

Result<S3Reply> SendOnce(const Location& object, const S3Request& request, const S3RetryPolicy& policy) {
  ARROW_ASSIGN_OR_RAISE(const S3Access access,
                        S3AccessFor(object.path.substr(0, object.path.find('/')), object.s3));
  CURL* curl = ThreadsHandle();
  const std::string url = UrlOf(object, access);
  const CurlList headers = HeadersOf(request, access);
  Upload upload{request.body};
  S3Reply reply;
  char error_text[CURL_ERROR_SIZE] = "";
  const bool ready = curl != nullptr && Configure(curl, request, access, policy, &upload) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_URL, url.c_str()) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get()) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &WriteBody) == CURLE_OK &&
                     curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body) == CURLE_OK;
  if (!ready) return FailedError("libcurl cannot be set up for {}", NameForMessages(object.uri));

  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    reply.problem = OneLine(error_text[0] != '\0' ? error_text : curl_easy_strerror(code));
    reply.body.clear();
    reply.sent = code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_COULDNT_CONNECT;
    return reply;
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  curl_header* etag = nullptr;
  if (curl_easy_header(curl, "ETag", 0, CURLH_HEADER, -1, &etag) == CURLHE_OK) reply.etag = etag->value;
  if (!reply.ok()) {
    reply.body.resize(std::min(reply.body.size(), kMaxErrorBody));
    reply.problem = ProblemOf(reply) + HowAsked(reply.status, access);
  }
  return reply;
}

void WaitBeforeRetry(const S3RetryPolicy& policy, int failures) {
  WaitBeforeAttempt(policy.first_backoff, policy.max_backoff, failures);
}

Result<S3Reply> SendWithRetries(const Location& object, const S3Request& request,
                                const S3RetryPolicy& policy) {
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(S3Reply reply, SendOnce(object, request, policy));
    if (!reply.retryable() || attempt >= policy.attempts) return reply;
    WaitBeforeRetry(policy, attempt);
  }
}

Status ExplainReply(const S3Reply& reply, std::string_view action, const Location& object) {
  const std::string text =
      fmt::format("cannot {} {}: {}", action, NameForMessages(object.uri), reply.problem);
  return reply.status == 404 ? NotFoundError("{}", text) : FailedError("{}", text);
}

}  // namespace earthcatalog::io
