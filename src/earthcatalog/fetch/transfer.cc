#include "earthcatalog/fetch/transfer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "earthcatalog/io/s3.h"
#include "earthcatalog/io/s3_error.h"

namespace earthcatalog::fetch {
namespace {

constexpr int64_t kStallBytes = 1024;
constexpr int64_t kMaxReserve = 64 << 10;    // sizes are only claims until the bytes are there
constexpr size_t kMaxErrorBody = 2048;       // where S3 puts its error code
constexpr size_t kMaxIgnoredBody = 1 << 20;  // read to its end to keep the connection, but not for ever
constexpr long kMaxRedirects = 5;
constexpr int kHaste = 5;

// The trusted certificates: those of the environment (a company's proxy, an S3 server of one's own), else
// libcurl's default. Empty when there is no such file.
std::string CertificateFile() {
  std::string file = io::CertificatesOfEnvironment();
  if (!file.empty()) return file;
  const char* usual = curl_version_info(CURLVERSION_NOW)->cainfo;
  return usual != nullptr && access(usual, R_OK) == 0 ? usual : "";
}

// What libcurl would look for at every request; HTTPS_PROXY only for https, HTTP_PROXY never.
bool EnvironmentNamesProxy(std::string_view scheme) {
  const std::string names[] = {fmt::format("{}_proxy", scheme), "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  return std::any_of(std::begin(names), std::end(names),
                     [](const std::string& name) { return std::getenv(name.c_str()) != nullptr; });
}

// libcurl 7.88 forgets it when it copies a parsed URL.
bool HasIpv6Zone(CURLU* url) {
  char* zone = nullptr;
  const bool has = curl_url_get(url, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK;
  curl_free(zone);
  return has;
}

long Milliseconds(std::chrono::milliseconds duration) { return static_cast<long>(duration.count()); }

}  // namespace

Result<std::unique_ptr<Transfer>> Transfer::Make(const Options& options, std::string_view scheme,
                                                 SocketLoop* loop, OpenBatches* batches) {
  std::unique_ptr<Transfer> transfer(new Transfer(options, loop, batches));
  ARROW_RETURN_NOT_OK(transfer->SetUp(scheme));
  return transfer;
}

Status Transfer::SetUp(std::string_view scheme) {
  url_.reset(curl_url());
  easy_.reset(curl_easy_init());
  CURL* easy = easy_.get();
  if (easy == nullptr || url_ == nullptr) return FailedError("libcurl cannot be initialised");
  const std::string protocol(scheme);
  CURLcode code = CURLE_OK;
  const auto set = [&](auto option, auto value) {
    if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value);
  };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_USERAGENT, "earthcatalog");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_ACCEPT_ENCODING, "");  // whatever this libcurl can undo
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);                   // a cancelled run does not wait for name resolution
  set(CURLOPT_PROTOCOLS_STR, protocol.c_str());  // of redirects too
  if (!EnvironmentNamesProxy(scheme)) set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, kMaxRedirects);
  set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.retry.connect_timeout));
  if (const std::string file = CertificateFile(); !file.empty()) {
    set(CURLOPT_CAINFO, file.c_str());
    // libcurl keeps the certificates it has read only when they come from one file. Reading them again takes
    // some 20 ms of processor time for every connection.
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (code == CURLE_OK) return Status::OK();
  return FailedError("libcurl does not take an option this program needs: {}", curl_easy_strerror(code));
}

Transfer::~Transfer() {
  if (active_) loop_->Remove(easy_.get());
}

Transfer* Transfer::Of(CURL* easy) {
  char* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  return reinterpret_cast<Transfer*>(transfer);
}

Status Transfer::Start(Request request) {
  const bool signed_otherwise = request.signature != request_.signature;
  request_ = std::move(request);
  CURLcode code = SetUrl();
  if (code == CURLE_OK && signed_otherwise) code = Sign(request_.signature.get());
  const int haste = request_.in_haste ? kHaste : 1;
  if (code == CURLE_OK && haste != haste_) {
    haste_ = haste;
    code = curl_easy_setopt(easy_.get(), CURLOPT_CONNECTTIMEOUT_MS,
                            Milliseconds(options_.retry.connect_timeout) / haste);
  }
  if (code != CURLE_OK) return Status::OutOfMemory("no memory left for a request");
  body_begun_ = false;
  too_large_ = false;
  status_ = 0;
  error_[0] = '\0';
  error_body_.clear();
  started_ = window_begin_ = Clock::now();
  window_bytes_ = 0;
  ARROW_RETURN_NOT_OK(loop_->Add(easy_.get()));
  active_ = true;
  return Status::OK();
}

CURLcode Transfer::SetUrl() {
  const char* url = request_.url.c_str();
  curl_url_set(url_.get(), CURLUPART_URL, nullptr, 0);  // else one without a scheme would be relative to it
  const bool parsed =
      curl_url_set(url_.get(), CURLUPART_URL, url, 0) == CURLUE_OK && !HasIpv6Zone(url_.get());
  const CURLcode code = curl_easy_setopt(easy_.get(), CURLOPT_CURLU, parsed ? url_.get() : nullptr);
  return code == CURLE_OK ? curl_easy_setopt(easy_.get(), CURLOPT_URL, url) : code;
}

CURLcode Transfer::Sign(const Signature* signature) {
  CURL* easy = easy_.get();
  CURLcode code = CURLE_OK;
  const auto set = [&](auto option, auto value) {
    if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value);
  };
  const auto text = [&](const std::string Signature::*member) {
    return signature == nullptr ? nullptr : (signature->*member).c_str();
  };
  set(CURLOPT_AWS_SIGV4, text(&Signature::provider));
  set(CURLOPT_USERNAME, text(&Signature::access_key));
  set(CURLOPT_PASSWORD, text(&Signature::secret_key));
  set(CURLOPT_HTTPHEADER, signature == nullptr ? nullptr : signature->headers.get());
  // A signature is for one host, and a session token for nobody else's eyes.
  set(CURLOPT_FOLLOWLOCATION, signature == nullptr ? 1L : 0L);
  if (signature == nullptr) set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  return code;
}

size_t Transfer::OnBody(char* data, size_t, size_t size, void* transfer) noexcept {
  auto* self = static_cast<Transfer*>(transfer);
  try {
    return self->TakeBody({data, size});
  } catch (const std::exception&) {  // no memory for so large a body
    self->too_large_ = true;
    return 0;
  }
}

size_t Transfer::TakeBody(std::string_view data) {
  if (!body_begun_ && !BeginBody()) return 0;
  if (status_ != 200) {
    if (error_body_.size() < kMaxErrorBody) error_body_.append(data);
    return BytesSoFar() > static_cast<int64_t>(kMaxIgnoredBody) ? 0 : data.size();
  }
  std::string& body = request_.job.ticket.item().body;
  const auto size = static_cast<int64_t>(body.size() + data.size());
  if (size > options_.max_body_bytes) {
    too_large_ = true;
    return 0;
  }
  ChargeUpTo(size);
  body.append(data);
  return data.size();
}

bool Transfer::BeginBody() {
  body_begun_ = true;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status_);
  if (status_ != 200) return true;
  curl_off_t length = -1;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  too_large_ = length > options_.max_body_bytes;
  if (too_large_) return false;
  ChargeUpTo(length);
  const inventory::Row& row = request_.job.ticket.item().row;
  const int64_t expected = std::clamp<int64_t>(length >= 0 ? length : row.size.value_or(0), 0, kMaxReserve);
  request_.job.ticket.item().body.reserve(static_cast<size_t>(expected));
  return true;
}

void Transfer::ChargeUpTo(int64_t bytes) {
  if (bytes <= request_.charged) return;
  batches_->Charge(bytes - request_.charged);
  request_.charged = bytes;
}

int64_t Transfer::BytesSoFar() const {
  curl_off_t body = 0;
  long headers = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &body);
  curl_easy_getinfo(easy_.get(), CURLINFO_HEADER_SIZE, &headers);
  return body + headers;
}

Transfer::Late Transfer::IsLate(Clock::time_point now) {
  if (now - started_ >= options_.retry.total_timeout / haste_) return Late::kOverdue;
  const int64_t bytes = BytesSoFar();
  if (bytes - window_bytes_ >= kStallBytes) {
    window_bytes_ = bytes;
    window_begin_ = now;
    return Late::kNo;
  }
  return now - window_begin_ >= options_.retry.stall_timeout / haste_ ? Late::kStalled : Late::kNo;
}

Answer Transfer::End(CURLcode result, Late late) {
  loop_->Remove(easy_.get());
  active_ = false;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status_);
  const std::string_view detail = error_[0] != '\0' ? error_.data() : curl_easy_strerror(result);
  Answer answer{.job = request_.job,
                .outcome = Judge({.result = result,
                                  .status = status_,
                                  .too_large = too_large_ ? options_.max_body_bytes : 0,
                                  .stalled = late == Late::kStalled,
                                  .overdue = late == Late::kOverdue,
                                  .error_body = error_body_,
                                  .detail = detail}),
                .status = status_,
                .signature = request_.signature,
                .started = request_.started,
                .thread = request_.thread};
  std::string& body = request_.job.ticket.item().body;
  if (answer.outcome.failure) {
    body.clear();
    body.shrink_to_fit();
    answer.s3_code = io::S3ErrorCode(error_body_);
    answer.bucket_region = BucketRegion();
    answer.retry_after = RetryAfter();
  }
  batches_->Charge(static_cast<int64_t>(body.size()) - request_.charged);
  return answer;
}

std::optional<std::chrono::seconds> Transfer::RetryAfter() const {
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &seconds);
  if (seconds <= 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::string_view Transfer::BucketRegion() const {
  curl_header* header = nullptr;
  if (curl_easy_header(easy_.get(), "x-amz-bucket-region", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
    return {};
  return header->value;
}

}  // namespace earthcatalog::fetch
