#include "earthcatalog/io/download.h"

#include <curl/curl.h>

#include <memory>

#include "earthcatalog/base/text.h"

namespace earthcatalog::io {
namespace {

constexpr long kConnectSeconds = 30;
constexpr long kStallSeconds = 60;
constexpr long kMaxRedirects = 10;

struct Target {
  int fd;
  int error_number = 0;
};

size_t WriteBody(char* bytes, size_t size, size_t count, void* user) {
  Target* target = static_cast<Target*>(user);
  target->error_number = WriteFully(target->fd, {bytes, size * count});
  return target->error_number == 0 ? size * count : 0;
}

template <typename Value>
bool Set(CURL* curl, CURLoption option, Value value) {
  return curl_easy_setopt(curl, option, value) == CURLE_OK;
}

bool Configure(CURL* curl, const std::string& url, Target* target, char* error_text) {
  return Set(curl, CURLOPT_URL, url.c_str()) && Set(curl, CURLOPT_ERRORBUFFER, error_text) &&
         Set(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
         Set(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") && Set(curl, CURLOPT_FOLLOWLOCATION, 1L) &&
         Set(curl, CURLOPT_MAXREDIRS, kMaxRedirects) && Set(curl, CURLOPT_FAILONERROR, 1L) &&
         Set(curl, CURLOPT_NOSIGNAL, 1L) && Set(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds) &&
         Set(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) && Set(curl, CURLOPT_LOW_SPEED_TIME, kStallSeconds) &&
         Set(curl, CURLOPT_USERAGENT, "earthcatalog") && Set(curl, CURLOPT_WRITEFUNCTION, &WriteBody) &&
         Set(curl, CURLOPT_WRITEDATA, target);
}

Status ExplainHttpStatus(long http_status, const std::string& url) {
  switch (http_status) {
    case 404:
    case 410:
      return NotFoundError("there is no file at {} (HTTP status {})", url, http_status);
    case 401:
    case 403:
      return FailedError("the server refuses access to {} (HTTP status {})", url, http_status);
    default:
      return FailedError("the server cannot give {} (HTTP status {})", url, http_status);
  }
}

}  // namespace

bool IsWebAddress(std::string_view text) {
  return EqualsIgnoreCase(text.substr(0, 7), "http://") || EqualsIgnoreCase(text.substr(0, 8), "https://");
}

std::string UrlForMessages(std::string_view url) {
  if (IsWebAddress(url)) url = url.substr(0, url.find_first_of("?#"));
  const size_t host = url.find("://") + 3;
  const size_t at = url.substr(host, url.find('/', host) - host).rfind('@');
  if (at == std::string_view::npos) return OneLine(url);
  return OneLine(fmt::format("{}{}", url.substr(0, host), url.substr(host + at + 1)));
}

Result<FileDescriptor> Download(const std::string& url) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  ARROW_ASSIGN_OR_RAISE(FileDescriptor file, OpenUnnamedTemporaryFile());
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  Target target{file.get()};
  char error_text[CURL_ERROR_SIZE] = "";
  if (initialized != CURLE_OK || curl == nullptr || !Configure(curl.get(), url, &target, error_text)) {
    return FailedError("libcurl cannot be set up for {}", UrlForMessages(url));
  }
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return file;

  if (target.error_number != 0) {
    return FailedError("cannot keep a copy of {} in the temporary directory: {} (TMPDIR names another)",
                       UrlForMessages(url), ErrnoText(target.error_number));
  }
  if (code == CURLE_HTTP_RETURNED_ERROR) {
    long http_status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &http_status);
    return ExplainHttpStatus(http_status, UrlForMessages(url));
  }
  return FailedError("cannot read {}: {}", UrlForMessages(url),
                     *error_text != '\0' ? error_text : curl_easy_strerror(code));
}

}  // namespace earthcatalog::io
