#include "earthcatalog/fetch/http_fetcher.h"

#include <algorithm>
#include <cmath>

#include "earthcatalog/fetch/open_batches.h"
#include "earthcatalog/fetch/open_files.h"
#include "earthcatalog/fetch/outcome.h"
#include "earthcatalog/fetch/refusals.h"
#include "earthcatalog/fetch/schedule.h"
#include "earthcatalog/fetch/transfer_thread.h"
#include "earthcatalog/io/s3_error.h"

namespace earthcatalog::fetch {
namespace {

// So many rows given up one after another, of hosts that are down while others are well, are too many.
constexpr uint64_t kGivenUpRows = 1000;

// A connection, and what resolving a name or trying a second address takes meanwhile.
constexpr int kFilesPerRequest = 2;
constexpr int kFilesPerThread = 4;  // an event loop, and what wakes it and libcurl
// What the rest of the process opens: the inventory, the catalog, files being written.
constexpr int kOtherFiles = 36;
// One carries out some 35,000 requests for small items a second, without TLS.
constexpr int kMaxThreads = 8;

struct Counters {
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> retries{0};
};

// What one Run() holds. Everything happens in its thread but the requests themselves and the queues'
// wake-ups.
class HttpRun {
 public:
  HttpRun(const Options& options, ObjectUrls* urls, Signer* signer, Counters* counters,
          BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out)
      : options_(options),
        urls_(*urls),
        signer_(*signer),
        counters_(*counters),
        in_(*in),
        out_(*out),
        batches_(options.max_buffered_bytes, options.slice_bytes, [this] { inbox_.Notify(); }),
        schedule_(options.retry, options.max_in_flight, urls->hosts_differ(), &batches_) {
    // The queues also call when the run is stopped.
    in_.Watch([this] {
      in_changed_ = true;
      inbox_.Notify();
    });
    out_.Watch([this] {
      out_changed_ = true;
      inbox_.Notify();
    });
  }
  ~HttpRun() {
    in_.Watch({});
    out_.Watch({});
  }
  HttpRun(const HttpRun&) = delete;
  HttpRun& operator=(const HttpRun&) = delete;

  Status Run(const CancelSource& cancel);
  void ExpectRefusals() { refusals_.Expect(); }

 private:
  Status StartThreads();
  void StartRequests(const CancelSource& cancel);
  std::optional<Job> NextJob();
  bool TakeBatch();
  void StartRequest(const Job& job);
  void TakeAnswer(Answer answer);
  bool AskedDifferently(const Answer& answer);
  void RetryOrGiveUp(Answer answer);
  void NoticeOutage(const Job& job, const Failure& failure);
  void NoticeRefusal(const Answer& answer);
  void HandOn();
  bool Done() const { return in_drained_ && batches_.empty(); }
  Clock::time_point NextDeadline() const;
  void Fail(const Job& job, Failure failure);

  const Options& options_;
  ObjectUrls& urls_;
  Signer& signer_;
  Counters& counters_;
  BoundedQueue<inventory::Batch>& in_;
  BoundedQueue<Batch>& out_;
  std::atomic<bool> in_changed_{true};
  std::atomic<bool> out_changed_{true};
  bool in_drained_ = false;
  Inbox inbox_;  // before the batches, whose slices notify it as long as they are held by others
  OpenBatches batches_;
  Schedule schedule_;
  Refusals refusals_;
  uint64_t given_up_rows_ = 0;  // since something went well
  Status outage_;
  std::vector<std::unique_ptr<TransferThread>> threads_;  // destroyed first: they use the members above
};

Status HttpRun::Run(const CancelSource& cancel) {
  ARROW_RETURN_NOT_OK(StartThreads());
  while (!cancel.stopped()) {
    StartRequests(cancel);
    HandOn();
    if (Done()) {
      out_.Close();
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(std::vector<Answer> answers, inbox_.WaitUntil(NextDeadline()));
    for (Answer& answer : answers) TakeAnswer(std::move(answer));
    ARROW_RETURN_NOT_OK(outage_);
  }
  return cancel.status();
}

Status HttpRun::StartThreads() {
  const int count = std::min(options_.threads, options_.max_in_flight);
  const int transfers = (options_.max_in_flight + count - 1) / count;
  for (int i = 0; i < count; ++i) {
    ARROW_ASSIGN_OR_RAISE(threads_.emplace_back(),
                          TransferThread::Make(options_, urls_.scheme(), transfers, &batches_, &inbox_));
  }
  return Status::OK();
}

void HttpRun::StartRequests(const CancelSource& cancel) {
  while (schedule_.in_flight() < options_.max_in_flight && !cancel.stopped()) {
    const std::optional<Job> job = NextJob();
    if (!job) break;
    StartRequest(*job);
  }
}

std::optional<Job> HttpRun::NextJob() {
  for (;;) {
    if (auto job = schedule_.Next(Clock::now())) return job;
    if (schedule_.full() || !batches_.WantsBatch() || !TakeBatch()) return std::nullopt;
  }
}

bool HttpRun::TakeBatch() {
  if (!in_changed_.exchange(false)) return false;
  if (auto batch = in_.TryPop()) {
    in_changed_ = true;
    batches_.Add(std::move(*batch));
    return true;
  }
  in_drained_ = in_.drained();
  return false;
}

void HttpRun::StartRequest(const Job& job) {
  const inventory::Row& row = job.ticket.item().row;
  Request request{.job = job, .in_haste = job.host->pace.down(), .started = Clock::now()};
  if (auto failure = urls_.Make(row, &request.url)) {
    schedule_.Drop(job);
    return Fail(job, std::move(*failure));
  }
  if (!job.refused) request.signature = signer_.For(row.bucket, urls_.RegionOf(row.bucket));
  request.charged = std::min(batches_.ExpectedBytes(row), options_.max_body_bytes);
  batches_.Charge(request.charged);
  const auto least_busy =
      std::min_element(threads_.begin(), threads_.end(),
                       [](const auto& a, const auto& b) { return a->in_flight() < b->in_flight(); });
  request.thread = static_cast<int>(least_busy - threads_.begin());
  (*least_busy)->Send(std::move(request));
}

void HttpRun::TakeAnswer(Answer answer) {
  const Job& job = answer.job;
  const std::string& bucket = job.ticket.item().row.bucket;
  threads_[static_cast<size_t>(answer.thread)]->CountAnswer();
  signer_.Learn(bucket, answer.signature != nullptr, answer.status);
  if (answer.outcome.transient) return RetryOrGiveUp(std::move(answer));
  if (answer.outcome.failure && AskedDifferently(answer)) return;
  schedule_.Done(job);
  given_up_rows_ = 0;
  if (answer.outcome.failure) {
    if (job.refused) answer.outcome.failure->message += ", with credentials and without";
    NoticeRefusal(answer);
    return Fail(job, std::move(*answer.outcome.failure));
  }
  refusals_.Worked(bucket);
  counters_.bytes.fetch_add(job.ticket.item().body.size(), std::memory_order_relaxed);
  batches_.Finish(job.ticket);
}

// Whether the refused request goes out again at once: to the bucket's own region, with newer credentials, or
// without any.
bool HttpRun::AskedDifferently(const Answer& answer) {
  Job job = answer.job;
  const std::string& bucket = job.ticket.item().row.bucket;
  const Signature* signature = answer.signature.get();
  if ((answer.status / 100 == 3 || answer.status == 400) && !job.region_corrected &&
      urls_.LearnRegion(bucket, answer.bucket_region)) {
    job.region_corrected = true;
  } else if (signature != nullptr && !job.credentials_renewed && io::IsExpired(answer.s3_code) &&
             signer_.Renew(signature)) {
    job.credentials_renewed = true;
  } else if (signature != nullptr && answer.status == 403 && signer_.MayTryUnsigned(bucket)) {
    job.refused = true;
    refusals_.SignedRefused(bucket, answer.s3_code);
  } else {
    return false;
  }
  schedule_.AskAgain(job);
  return true;
}

void HttpRun::RetryOrGiveUp(Answer answer) {
  Job& job = answer.job;
  Failure& failure = *answer.outcome.failure;
  ++job.failures;
  if (schedule_.Retry(job, answer.outcome, answer.retry_after, answer.started, Clock::now())) {
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
    return NoticeOutage(job, failure);
  }
  ++given_up_rows_;
  NoticeOutage(job, failure);
  if (job.failures > 1) failure.message += fmt::format(" ({} attempts)", job.failures);
  Fail(job, std::move(failure));
}

// The network or the server is down when a host is and nothing has gone well with any other meanwhile.
void HttpRun::NoticeOutage(const Job& job, const Failure& failure) {
  const HostPace& pace = job.host->pace;
  if (!pace.down()) return;
  if (schedule_.last_good() >= pace.trouble_since() && given_up_rows_ < kGivenUpRows) return;
  const auto seconds = std::chrono::duration<double>(Clock::now() - pace.trouble_since()).count();
  outage_ = FailedError(
      "no request has gone well for {:.0f} seconds: the network or the server is down. The table is as of "
      "the last commit; run the same again when it is up. The last error: {}: {}",
      std::ceil(seconds), failure.kind, failure.message);
}

void HttpRun::NoticeRefusal(const Answer& answer) {
  const std::string& bucket = answer.job.ticket.item().row.bucket;
  const std::string& code = answer.s3_code;
  const Failure& failure = *answer.outcome.failure;
  if (failure.kind == "not_found" && io::IsMissingObject(code)) return refusals_.Worked(bucket);
  const auto problem = refusals_.Failed(bucket, code, failure, answer.job.refused);
  if (!problem) return;
  outage_ = FailedError(
      "{}. The table is as of the last commit; run the same again when it is mended, with option "
      "`retry_failed` where rows are in the quarantine for it",
      *problem);
}

void HttpRun::HandOn() {
  while (batches_.HasComplete() && out_changed_.exchange(false)) {
    if (!out_.TryPush(batches_.FrontComplete())) return;
    out_changed_ = true;
    batches_.PopComplete();
  }
}

Clock::time_point HttpRun::NextDeadline() const {
  const Clock::time_point next = Clock::now() + std::chrono::minutes(1);
  return schedule_.in_flight() < options_.max_in_flight ? std::min(next, schedule_.next_due()) : next;
}

void HttpRun::Fail(const Job& job, Failure failure) {
  job.ticket.item().failure = std::move(failure);
  batches_.Finish(job.ticket);
}

class HttpFetcher : public Fetcher {
 public:
  HttpFetcher(const Options& options, ObjectUrls urls, Signer signer)
      : options_(options), urls_(std::move(urls)), signer_(std::move(signer)) {}

  Status Run(BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out, CancelSource* cancel) override {
    HttpRun run(options_, &urls_, &signer_, &counters_, in, out);
    if (expect_refusals_) run.ExpectRefusals();
    return run.Run(*cancel);
  }
  void ExpectRefusals() override { expect_refusals_ = true; }

  int max_in_flight() const override { return options_.max_in_flight; }
  uint64_t bytes_fetched() const override { return counters_.bytes.load(std::memory_order_relaxed); }
  uint64_t retries() const override { return counters_.retries.load(std::memory_order_relaxed); }

 private:
  const Options options_;
  ObjectUrls urls_;
  Signer signer_;
  Counters counters_;
  bool expect_refusals_ = false;
};

}  // namespace

Result<std::unique_ptr<Fetcher>> MakeHttpFetcher(const Options& options, ObjectUrls urls, Signer signer) {
  // Once per process, thread-safe, never undone: other libraries in the process use libcurl too.
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return FailedError("libcurl cannot be initialised");
  Options possible = options;
  possible.threads = std::clamp(options.threads, 1, kMaxThreads);
  const int others = kOtherFiles + kFilesPerThread * possible.threads;
  const int room = AllowOpenFiles(options.max_in_flight * kFilesPerRequest + others) - others;
  possible.max_in_flight = std::min(options.max_in_flight, room / kFilesPerRequest);
  if (possible.max_in_flight < 1) {
    return UsageError(
        "the system lets this process open too few files to fetch anything: raise the limit "
        "(ulimit -n) by {}",
        kFilesPerRequest - room);
  }
  return std::make_unique<HttpFetcher>(possible, std::move(urls), std::move(signer));
}

}  // namespace earthcatalog::fetch
